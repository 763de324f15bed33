/* object.h: managed objects as Lua sees them, each once in a space. */
#ifndef PERI_LUA_OBJECT_H
#define PERI_LUA_OBJECT_H

#include <lua.h>

#include "bindings/soap/scalar.h"

/* Pushes the table in which the space at an index keeps its objects, for peri_object_push. Raises
 * when there is no space at that index. */
void peri_object_push_table(lua_State *L, int space);

/* Pushes the object of a reference, the same one each time while it is in use. table and space are
 * absolute indices. */
void peri_object_push(lua_State *L, int table, int space, const struct peri_scalar *reference);

/* Whether the value at an index is an object; then out is its reference, valid while it is there.
 */
bool peri_object_read(lua_State *L, int index, struct peri_scalar *out);

#endif
