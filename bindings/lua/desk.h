/* desk.h: Lua tables as what the codec encodes from, and where it writes.
 *
 * A desk has what an encoder needs from call to call: the bytes it writes, the values it has taken
 * out of tables, and the fields of the types met so far by their names as Lua strings. */
#ifndef PERI_LUA_DESK_H
#define PERI_LUA_DESK_H

#include <lua.h>

#include "bindings/soap/source.h"
#include "runtime/base/buf.h"

/* The metatable of what is not checked: vim/unchecked.lua makes such tables. */
#define PERI_DESK_UNCHECKED "perilune.unchecked"

struct peri_names; /* fields, or types, by their names */

struct peri_desk {
    struct peri_source source;
    struct peri_buf out;
    size_t room; /* for source.values */
    size_t used;
    struct peri_names **types;   /* by type: its fields, once it was met */
    struct peri_names **methods; /* by method: its parameters */
    struct peri_names *type_names;
    lua_State *L; /* of the present call, as what follows */
    int value;    /* index of the value */
    int pinned;   /* index of the names as Lua strings, as keys */
    int type_key; /* index of the key _typeName */
    const void *type_key_at;
};

/* Takes the desk of a Lua state, or a new one when another call has that, and readies it for the
 * value at an absolute index. It stands on the stack, and is freed when it is collected. */
struct peri_desk *peri_desk_take(lua_State *L, int value);

/* Gives the desk back for the next call. Its bytes are valid until then. */
void peri_desk_return(lua_State *L, struct peri_desk *desk);

#endif
