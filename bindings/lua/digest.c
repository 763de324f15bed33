/* digest.c: perilune.c.digest, digests, signatures and random bytes. */
#include "runtime/tls/digest.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/options.h"
#include "bindings/lua/raise.h"
#include "runtime/base/alloc.h"
#include "runtime/loop/work.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/task.h"
#include "runtime/tls/hmac.h"
#include "runtime/tls/scrypt.h"

static const char DIGEST[] = "perilune.digest";
static const char SCRYPT[] = "perilune.digest.scrypt";

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

/* ---- signatures ---- */

static struct peri_str check_bytes(lua_State *L, int index)
{
    struct peri_str bytes;
    bytes.data = luaL_checklstring(L, index, &bytes.len);
    return bytes;
}

/* hmac("sha1" | "sha256" | "sha512", key, bytes) → its bytes */
static int digest_hmac(lua_State *L)
{
    static const char *const names[] = {"sha1", "sha256", "sha512", NULL};
    static const char *const digests[] = {"SHA1", "SHA256", "SHA512"};
    unsigned char out[PERI_HMAC_MAX];
    struct peri_error err;
    size_t len;
    const char *digest = digests[luaL_checkoption(L, 1, NULL, names)];
    if (!peri_hmac_of(digest, check_bytes(L, 2), check_bytes(L, 3), out, &len, &err))
        return peri_raise(L, &err);
    lua_pushlstring(L, (const char *)out, len);
    return 1;
}

/* equal(a, b) → whether they are; how long that takes tells nothing but their lengths. */
static int digest_equal(lua_State *L)
{
    lua_pushboolean(L, peri_hmac_equal(check_bytes(L, 1), check_bytes(L, 2)));
    return 1;
}

/* ed25519_verify(public key, signature, bytes) → whether it is the signature of these bytes */
static int digest_ed25519_verify(lua_State *L)
{
    bool is_signed = peri_hmac_is_signed(check_bytes(L, 1), check_bytes(L, 2), check_bytes(L, 3));
    lua_pushboolean(L, is_signed);
    return 1;
}

/* ---- passwords ---- */

enum { SCRYPT_BYTES_MAX = 64 };

struct scrypt { /* what the thread works with; freed with the work */
    char *password, *salt;
    size_t password_len, salt_len, len;
    struct peri_scrypt_cost cost;
    struct peri_wake wake;
    struct peri_error err;
    unsigned char out[SCRYPT_BYTES_MAX];
    bool is_done;
};

static void scrypt_work(void *arg) /* on another thread */
{
    struct scrypt *scrypt = arg;
    scrypt->is_done = peri_scrypt_of((struct peri_str){scrypt->password, scrypt->password_len},
                                     (struct peri_str){scrypt->salt, scrypt->salt_len},
                                     &scrypt->cost, scrypt->out, scrypt->len, &scrypt->err);
}

static void scrypt_over(void *arg) /* inside the loop: no Lua here */
{
    const struct scrypt *scrypt = arg;
    peri_task_wake(scrypt->wake);
}

static void scrypt_free(void *arg)
{
    struct scrypt *scrypt = arg;
    peri_free(scrypt->password);
    peri_free(scrypt->salt);
    peri_free(scrypt);
}

static char *copy_of(struct peri_str bytes)
{
    char *copy = peri_alloc(bytes.len + 1);
    memcpy(copy, bytes.data, bytes.len);
    return copy;
}

static int scrypt_close(lua_State *L)
{
    struct peri_work **work = luaL_checkudata(L, 1, SCRYPT);
    peri_work_free(*work);
    *work = NULL;
    return 0;
}

static int scrypt_done(lua_State *L, int status, lua_KContext context)
{
    const struct scrypt *scrypt = (const struct scrypt *)context;
    (void)status;
    peri_task_check(L);
    if (!scrypt->is_done)
        return peri_raise(L, &scrypt->err);
    lua_pushlstring(L, (const char *)scrypt->out, scrypt->len);
    return 1;
}

static const char *const scrypt_options[] = {"n", "r", "p", "len", NULL};

/* scrypt(password, salt, { n = , r = , p = , len = }) → len bytes. Waits, while a thread works. */
static int digest_scrypt(lua_State *L)
{
    struct peri_str password = check_bytes(L, 1), salt = check_bytes(L, 2);
    luaL_checktype(L, 3, LUA_TTABLE);
    peri_options_check(L, 3, scrypt_options);
    struct peri_scrypt_cost cost = {
        peri_options_integer(L, 3, "n", INT32_MAX, 32768),
        peri_options_integer(L, 3, "r", INT32_MAX, 8),
        peri_options_integer(L, 3, "p", INT32_MAX, 1),
    };
    size_t len = (size_t)peri_options_integer(L, 3, "len", SCRYPT_BYTES_MAX, 32);
    lua_settop(L, 3);
    struct peri_work **work = lua_newuserdatauv(L, sizeof(struct peri_work *), 0);
    *work = NULL;
    luaL_setmetatable(L, SCRYPT);
    lua_toclose(L, 4);
    struct peri_wake wake = peri_task_wait(L);
    struct scrypt *scrypt = peri_alloc(sizeof(*scrypt));
    *scrypt = (struct scrypt){.password = copy_of(password),
                              .salt = copy_of(salt),
                              .password_len = password.len,
                              .salt_len = salt.len,
                              .len = len,
                              .cost = cost,
                              .wake = wake};
    *work = peri_work_new(peri_sched_loop(L), scrypt_work, scrypt_over, scrypt_free, scrypt);
    return lua_yieldk(L, 0, (lua_KContext)scrypt, scrypt_done);
}

/* ---- the module ---- */

static const luaL_Reg scrypt_meta[] = {
    {"__gc", scrypt_close}, {"__close", scrypt_close}, {NULL, NULL}};

static const luaL_Reg methods[] = {{"add", digest_add}, {"hex", digest_hex}, {NULL, NULL}};

static const luaL_Reg functions[] = {
    {"new", digest_new},
    {"sha256", digest_sha256},
    {"sha1", digest_sha1},
    {"random", digest_random},
    {"uuid", digest_uuid},
    {"hmac", digest_hmac},
    {"equal", digest_equal},
    {"scrypt", digest_scrypt},
    {"ed25519_verify", digest_ed25519_verify},
    {NULL, NULL},
};

int peri_open_digest(lua_State *L)
{
    luaL_newmetatable(L, SCRYPT);
    luaL_setfuncs(L, scrypt_meta, 0);
    luaL_newmetatable(L, DIGEST);
    lua_pushcfunction(L, digest_gc);
    lua_setfield(L, -2, "__gc");
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
