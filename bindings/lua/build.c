/* build.c: perilune.c.build, what this program is. */
#include <lauxlib.h>

#include "bindings/lua/modules.h"

/* version: "1.2.3"; lua: the release of Lua, "Lua 5.4.4". */
int peri_open_build(lua_State *L)
{
    lua_createtable(L, 0, 2);
    lua_pushliteral(L, PERI_VERSION);
    lua_setfield(L, -2, "version");
    lua_pushliteral(L, LUA_RELEASE);
    lua_setfield(L, -2, "lua");
    return 1;
}
