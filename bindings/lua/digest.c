/* digest.c: perilune.c.digest, digests and random bytes. */
#include "runtime/tls/digest.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"

/* Bytes that one call gives at most. */
enum { RANDOM_MAX = 1024 * 1024 };

static int push_digest(lua_State *L, size_t len)
{
    size_t n;
    const char *bytes = luaL_checklstring(L, 1, &n);
    unsigned char digest[PERI_DIGEST_MAX];
    char hex[2 * PERI_DIGEST_MAX + 1];
    struct peri_error err;
    if (!peri_digest_of(bytes, n, digest, len, &err))
        return peri_raise(L, &err);
    peri_digest_hex(digest, len, hex);
    lua_pushlstring(L, hex, 2 * len);
    return 1;
}

/* sha256(bytes) → 64 hexadecimal digits. */
static int digest_sha256(lua_State *L)
{
    return push_digest(L, PERI_DIGEST_SHA256);
}

/* sha1(bytes) → 40 hexadecimal digits. */
static int digest_sha1(lua_State *L)
{
    return push_digest(L, PERI_DIGEST_SHA1);
}

/* random(n) → n unpredictable bytes. */
static int digest_random(lua_State *L)
{
    lua_Integer n = luaL_checkinteger(L, 1);
    luaL_argcheck(L, n >= 0 && n <= RANDOM_MAX, 1, "out of range");
    void *bytes = lua_newuserdatauv(L, (size_t)n + 1, 0);
    struct peri_error err;
    if (!peri_digest_random(bytes, (size_t)n, &err))
        return peri_raise(L, &err);
    lua_pushlstring(L, bytes, (size_t)n);
    return 1;
}

/* uuid() → a random UUID, "xxxxxxxx-xxxx-4xxx-…". */
static int digest_uuid(lua_State *L)
{
    char uuid[PERI_DIGEST_UUID_SIZE];
    struct peri_error err;
    if (!peri_digest_uuid(uuid, &err))
        return peri_raise(L, &err);
    lua_pushstring(L, uuid);
    return 1;
}

static const luaL_Reg functions[] = {
    {"sha256", digest_sha256}, {"sha1", digest_sha1}, {"random", digest_random},
    {"uuid", digest_uuid},     {NULL, NULL},
};

int peri_open_digest(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
