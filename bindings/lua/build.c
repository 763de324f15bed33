/* build.c: perilune.c.build, what this program is. */
#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/soap/document.h"
#include "runtime/http/pool.h"
#include "runtime/loop/loop.h"

static void set(lua_State *L, const char *name, const char *release)
{
    lua_pushstring(L, release);
    lua_setfield(L, -2, name);
}

/* version: "1.2.3"; lua: "Lua 5.4.4"; libuv, libxml2: their releases; libcurl: "libcurl/7.88.1
 * OpenSSL/…". */
int peri_open_build(lua_State *L)
{
    lua_createtable(L, 0, 5);
    set(L, "version", PERI_VERSION);
    set(L, "lua", LUA_RELEASE);
    set(L, "libuv", peri_loop_release());
    set(L, "libxml2", peri_document_release());
    set(L, "libcurl", peri_pool_release());
    return 1;
}
