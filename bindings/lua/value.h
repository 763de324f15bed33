/* value.h: Lua tables as what the codec decodes into.
 *
 * A codec, one for each Lua state, holds what decoders share: vocabularies, the names of fields as
 * Lua strings, how large tables of each type were. It lives in the registry. */
#ifndef PERI_LUA_VALUE_H
#define PERI_LUA_VALUE_H

#include <lua.h>

#include "bindings/soap/sink.h"
#include "bindings/soap/vocabulary.h"

/* The key under which a table names its type. */
#define PERI_VALUE_TYPE_NAME "_typeName"

/* The vocabulary for a new decoder of answers of a service; borrowed. An old one that is full is
 * replaced. */
struct peri_vocabulary *peri_value_vocabulary(lua_State *L, uint8_t service);

/* A sink that builds values on a Lua stack. The ints are stack indices. */
struct peri_value_sink {
    struct peri_sink sink;
    lua_State *L;
    uint16_t *sizes; /* by type: fields of the last table of it; then elements of the last list */
    int names;       /* names of fields by number */
    int type_name;   /* the key _typeName */
    int objects;     /* the table of the space */
    int space;       /* of the references */
};

/* How many slots a sink takes for itself. */
#define PERI_VALUE_FIXED 3

/* Pushes what the sink needs and readies it; its values come above. space is an absolute index.
 * Raises when there is no space there. */
void peri_value_sink_open(lua_State *L, int space, struct peri_value_sink *out);

#endif
