/* gzip.c: perilune.c.gzip, compression of what is small. */
#include "runtime/http/gzip.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "runtime/base/limits.h"

static const char BYTES[] = "perilune.gzip.bytes";

static int bytes_gc(lua_State *L)
{
    peri_buf_deinit(luaL_checkudata(L, 1, BYTES));
    return 0;
}

/* compress(bytes) → the same as a gzip file */
static int gzip_compress(lua_State *L)
{
    size_t n;
    const char *bytes = luaL_checklstring(L, 1, &n);
    struct peri_buf *out = lua_newuserdatauv(L, sizeof(*out), 0);
    peri_buf_init(out, PERI_LIMIT_REQUEST);
    luaL_setmetatable(L, BYTES);
    lua_toclose(L, -1);
    struct peri_error err;
    if (!peri_gzip_compress(bytes, n, out, &err))
        return peri_raise(L, &err);
    lua_pushlstring(L, out->data, out->len);
    return 1;
}

static const luaL_Reg meta[] = {{"__gc", bytes_gc}, {"__close", bytes_gc}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"compress", gzip_compress}, {NULL, NULL}};

int peri_open_gzip(lua_State *L)
{
    luaL_newmetatable(L, BYTES);
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, functions);
    return 1;
}
