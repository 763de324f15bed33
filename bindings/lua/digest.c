/* digest.c: perilune.c.digest, digests and random bytes. */
#include "runtime/tls/digest.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"

static const char DIGEST[] = "perilune.digest";

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

static struct peri_digest **check_digest(lua_State *L)
{
    return luaL_checkudata(L, 1, DIGEST);
}

/* new("sha1" | "sha256") → a digest of bytes that come piece by piece. */
static int digest_new(lua_State *L)
{
    static const char *const names[] = {"sha1", "sha256", NULL};
    int which = luaL_checkoption(L, 1, NULL, names);
    struct peri_digest **digest = lua_newuserdatauv(L, sizeof(struct peri_digest *), 0);
    struct peri_error err;
    *digest = NULL;
    luaL_setmetatable(L, DIGEST);
    *digest = peri_digest_new(which == 0 ? PERI_DIGEST_SHA1 : PERI_DIGEST_SHA256, &err);
    if (*digest == NULL)
        return peri_raise(L, &err);
    return 1;
}

/* digest:add(bytes) */
static int digest_add(lua_State *L)
{
    size_t n;
    const char *bytes = luaL_checklstring(L, 2, &n);
    peri_digest_add(*check_digest(L), bytes, n);
    return 0;
}

/* digest:hex() → the digest of all that was added; more may be. */
static int digest_hex(lua_State *L)
{
    unsigned char bytes[PERI_DIGEST_MAX];
    char hex[2 * PERI_DIGEST_MAX + 1];
    size_t len = peri_digest_end(*check_digest(L), bytes);
    peri_digest_hex(bytes, len, hex);
    lua_pushlstring(L, hex, 2 * len);
    return 1;
}

static int digest_gc(lua_State *L)
{
    peri_digest_free(*check_digest(L));
    return 0;
}

static const luaL_Reg methods[] = {{"add", digest_add}, {"hex", digest_hex}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"new", digest_new},       {"sha256", digest_sha256}, {"sha1", digest_sha1},
    {"random", digest_random}, {"uuid", digest_uuid},     {NULL, NULL},
};

int peri_open_digest(lua_State *L)
{
    luaL_newmetatable(L, DIGEST);
    lua_pushcfunction(L, digest_gc);
    lua_setfield(L, -2, "__gc");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
