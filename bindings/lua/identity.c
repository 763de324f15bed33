/* identity.c: perilune.c.identity, our certificate and key, to sign with. */
#include "runtime/tls/identity.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/options.h"
#include "bindings/lua/raise.h"

static const char IDENTITY[] = "perilune.identity";

static const char *const options[] = {"cert", "key", "key_password", NULL};

static int identity_gc(lua_State *L)
{
    struct peri_identity **identity = luaL_checkudata(L, 1, IDENTITY);
    peri_identity_free(*identity);
    *identity = NULL;
    return 0;
}

/* load{ cert = PATH, key = PATH, key_password = … } → identity */
static int identity_load(lua_State *L)
{
    peri_options_check(L, 1, options);
    lua_settop(L, 1);
    const char *cert = peri_options_string(L, 1, "cert", NULL);
    const char *key = peri_options_string(L, 1, "key", NULL);
    const char *password = peri_options_string(L, 1, "key_password", NULL);
    luaL_argcheck(L, cert != NULL, 1, "option cert is missing");
    struct peri_identity **identity = lua_newuserdatauv(L, sizeof(struct peri_identity *), 0);
    *identity = NULL;
    luaL_setmetatable(L, IDENTITY);
    struct peri_error err;
    *identity = peri_identity_new(cert, key, password, &err);
    return *identity == NULL ? peri_raise(L, &err) : 1;
}

/* identity:certificate() → DER */
static int identity_certificate(lua_State *L)
{
    struct peri_identity *const *identity = luaL_checkudata(L, 1, IDENTITY);
    struct peri_str der = peri_identity_certificate(*identity);
    lua_pushlstring(L, der.data, der.len);
    return 1;
}

/* identity:sign(bytes) → the RSA signature of their SHA-256 */
static int identity_sign(lua_State *L)
{
    struct peri_identity *const *identity = luaL_checkudata(L, 1, IDENTITY);
    size_t n;
    const char *bytes = luaL_checklstring(L, 2, &n);
    struct peri_identity_signature signature;
    struct peri_error err;
    if (!peri_identity_sign(*identity, bytes, n, &signature, &err))
        return peri_raise(L, &err);
    lua_pushlstring(L, (const char *)signature.bytes, signature.len);
    return 1;
}

static const luaL_Reg methods[] = {
    {"certificate", identity_certificate}, {"sign", identity_sign}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"load", identity_load}, {NULL, NULL}};

int peri_open_identity(lua_State *L)
{
    luaL_newmetatable(L, IDENTITY);
    lua_pushcfunction(L, identity_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
