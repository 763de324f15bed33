/* http.c: perilune.c.http, requests that tasks wait for.
 *
 * An answer is pinned, empty, before its request is made; from then on whatever ends the wait (an
 * error, a cancellation, the end of the state) frees the request through the answer. */
#include <inttypes.h>
#include <lauxlib.h>
#include <string.h>

#include "bindings/lua/decoder.h"
#include "bindings/lua/modules.h"
#include "bindings/lua/options.h"
#include "bindings/lua/raise.h"
#include "runtime/base/limits.h"
#include "runtime/http/request.h"
#include "runtime/http/upload.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/task.h"
#include "runtime/tls/portrait.h"

static const char POOL[] = "perilune.http.pool";
static const char RESPONSE[] = "perilune.http.response";

struct response {                 /* lives in a userdata, whose user values are below */
    struct peri_request *request; /* NULL once closed */
    struct peri_wake wake;        /* of the task that waits for it */
    bool is_waited;
    bool is_passed_on; /* the function that asked for it returns it: not to be closed there */
};

/* Of a response: its pool, the body of its request or what gives it, the present piece of that. */
enum { RESPONSE_POOL = 1, RESPONSE_BODY, RESPONSE_PIECE, RESPONSE_VALUES = RESPONSE_PIECE };

/* ---- response ---- */

static void on_change(void *arg) /* inside the loop: no Lua here */
{
    const struct response *response = arg;
    peri_task_wake(response->wake);
}

static struct response *open_response(lua_State *L)
{
    struct response *response = luaL_checkudata(L, 1, RESPONSE);
    if (response->request == NULL)
        peri_raise_code(L, PERI_E_HTTP_CLOSED, "the response was closed");
    return response;
}

/* Ends the wait that wait_for began; raises if the task was cancelled. */
static void end_wait(lua_State *L, struct response *response)
{
    response->is_waited = false;
    peri_task_check(L);
}

static int wait_for(lua_State *L, struct response *response, lua_KFunction continuation)
{
    if (response->is_waited)
        return peri_raise_code(L, PERI_E_ARGUMENT, "another task waits for this response");
    response->wake = peri_task_wait(L);
    response->is_waited = true;
    return lua_yieldk(L, 0, 0, continuation);
}

/* Raises the error that the request ended with, if it did. */
static void check_failure(lua_State *L, const struct response *response)
{
    const struct peri_error *error;
    if (peri_request_is_done(response->request, &error) && error != NULL)
        peri_raise(L, error);
}

static int read_some(lua_State *L, struct response *response);

static int read_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct response *response = lua_touserdata(L, 1);
    end_wait(L, response);
    return read_some(L, open_response(L));
}

static int read_some(lua_State *L, struct response *response)
{
    struct peri_str unread = peri_request_unread(response->request);
    if (unread.len > 0) {
        lua_pushlstring(L, unread.data, unread.len);
        peri_request_consume(response->request);
        return 1;
    }
    if (!peri_request_is_done(response->request, NULL))
        return wait_for(L, response, read_more);
    check_failure(L, response);
    lua_pushnil(L);
    return 1;
}

/* response:read() → the bytes that are there, at least one; nil at the end. */
static int response_read(lua_State *L)
{
    struct response *response = open_response(L);
    lua_settop(L, 1);
    return read_some(L, response);
}

static int feed_some(lua_State *L, struct response *response);

static int feed_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct response *response = lua_touserdata(L, 1);
    end_wait(L, response);
    return feed_some(L, open_response(L));
}

static int feed_some(lua_State *L, struct response *response)
{
    if (peri_request_unread(response->request).len == 0) {
        if (!peri_request_is_done(response->request, NULL))
            return wait_for(L, response, feed_more);
        check_failure(L, response);
        lua_pushboolean(L, false);
        return 1;
    }
    peri_request_pass(response->request, peri_decoder_begin(L, 2));
    lua_replace(L, 1);
    peri_decoder_feed(L);
    lua_pushboolean(L, true);
    return 1;
}

/* response:feed(decoder) → true: the decoder was fed the bytes that are there, at least one; false
 * at the end. */
static int response_feed(lua_State *L)
{
    struct response *response = open_response(L);
    lua_settop(L, 2);
    peri_decoder_begin(L, 2);
    return feed_some(L, response);
}

static int gather(lua_State *L, struct response *response);

static int gather_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct response *response = lua_touserdata(L, 1);
    end_wait(L, response);
    return gather(L, open_response(L));
}

static int gather(lua_State *L, struct response *response)
{
    if (!peri_request_is_done(response->request, NULL))
        return wait_for(L, response, gather_more);
    check_failure(L, response);
    struct peri_str unread = peri_request_unread(response->request);
    lua_pushlstring(L, unread.data == NULL ? "" : unread.data, unread.len);
    peri_request_consume(response->request);
    return 1;
}

/* response:text() → what is left of the body, whole. */
static int response_text(lua_State *L)
{
    struct response *response = open_response(L);
    lua_settop(L, 1);
    peri_request_gather(response->request);
    return gather(L, response);
}

/* response:header(name) → the values of each header of that name, none if there is none. */
static int response_header(lua_State *L)
{
    struct response *response = open_response(L);
    const char *name = luaL_checkstring(L, 2);
    struct peri_str value;
    size_t at = 0;
    lua_settop(L, 2);
    while (peri_request_field(response->request, name, &at, &value)) {
        luaL_checkstack(L, 1, "too many headers of one name");
        lua_pushlstring(L, value.data, value.len);
    }
    return lua_gettop(L) - 2;
}

/* response:close(), __close, __gc: cancels what is left of it. May run twice. */
static int response_close(lua_State *L)
{
    struct response *response = luaL_checkudata(L, 1, RESPONSE);
    if (response->is_passed_on) {
        response->is_passed_on = false;
        return 0;
    }
    peri_request_free(response->request);
    response->request = NULL;
    return 0;
}

static const luaL_Reg response_methods[] = {
    {"read", response_read},     {"feed", response_feed},   {"text", response_text},
    {"header", response_header}, {"close", response_close}, {NULL, NULL},
};

/* response.status, or a method; the methods are the upvalue. */
static int response_index(lua_State *L)
{
    const struct response *response = luaL_checkudata(L, 1, RESPONSE);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "status") == 0 && response->request != NULL) {
        lua_pushinteger(L, peri_request_status(response->request));
        return 1;
    }
    lua_settop(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

/* ---- pool:request ---- */

static const char *const request_options[] = {
    "url",    "method",   "headers", "body",          "body_length", "idempotent",
    "urgent", "max_body", "timeout", "stall_timeout", NULL,
};

static struct peri_pool **check_pool(lua_State *L)
{
    struct peri_pool **pool = luaL_checkudata(L, 1, POOL);
    if (*pool == NULL)
        peri_raise_code(L, PERI_E_HTTP_CLOSED, "the connection pool was closed");
    return pool;
}

/* Pushes the array of the fields of the option "headers", a table of strings, and a string each for
 * numbers. */
static const struct peri_request_field *push_fields(lua_State *L, size_t *count)
{
    lua_pushstring(L, "headers");
    int type = lua_rawget(L, 2);
    size_t n = 0;
    if (type != LUA_TNIL && type != LUA_TTABLE)
        peri_raise_code(L, PERI_E_ARGUMENT, "option headers: a table of strings expected");
    int table = lua_gettop(L);
    for (lua_pushnil(L); type == LUA_TTABLE && lua_next(L, table) != 0; lua_pop(L, 1))
        n++;
    lua_settop(L, table);
    struct peri_request_field *fields = lua_newuserdatauv(L, (n + 1) * sizeof(*fields), 0);
    size_t i = 0;
    for (lua_pushnil(L); i < n && lua_next(L, table) != 0; lua_pop(L, 1), i++) {
        if (lua_type(L, -2) != LUA_TSTRING || lua_type(L, -1) != LUA_TSTRING)
            peri_raise_code(L, PERI_E_ARGUMENT, "option headers: names and values are strings");
        fields[i] = (struct peri_request_field){lua_tostring(L, -2), lua_tostring(L, -1)};
    }
    lua_settop(L, table + 1);
    *count = n;
    return fields;
}

/* Reads the body: a string, or a function that gives it piece by piece. */
static void read_body(lua_State *L, struct peri_request_settings *settings)
{
    lua_pushstring(L, "body");
    settings->is_streamed = lua_rawget(L, 2) == LUA_TFUNCTION;
    lua_pop(L, 1);
    settings->stream_len =
        peri_options_integer(L, 2, "body_length", INT64_MAX, PERI_REQUEST_CHUNKED);
    if (!settings->is_streamed)
        settings->body = peri_options_string(L, 2, "body", &settings->body_len);
}

/* Reads the options at 2. Pushes what must stay on the stack until the request is made. */
static struct peri_request_settings read_request(lua_State *L)
{
    peri_options_check(L, 2, request_options);
    struct peri_request_settings settings = {0};
    settings.url = peri_options_string(L, 2, "url", NULL);
    if (settings.url == NULL)
        peri_raise_code(L, PERI_E_ARGUMENT, "option url is missing");
    settings.method = peri_options_string(L, 2, "method", NULL);
    read_body(L, &settings);
    settings.is_idempotent = peri_options_boolean(L, 2, "idempotent");
    settings.is_urgent = peri_options_boolean(L, 2, "urgent");
    settings.max_body = peri_options_integer(L, 2, "max_body", INT64_MAX, 0);
    settings.timeout_ms = peri_options_ms(L, 2, "timeout");
    if (settings.timeout_ms == UINT64_MAX)
        settings.timeout_ms = 0;
    settings.stall_timeout_ms = peri_options_ms(L, 2, "stall_timeout");
    settings.fields = push_fields(L, &settings.field_count);
    return settings;
}

/* Pushes an empty response, which holds the pool at 1 and the body of the options at 2. */
static struct response *push_response(lua_State *L)
{
    struct response *response = lua_newuserdatauv(L, sizeof(*response), RESPONSE_VALUES);
    *response = (struct response){0};
    luaL_setmetatable(L, RESPONSE);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, RESPONSE_POOL);
    lua_pushstring(L, "body");
    lua_rawget(L, 2);
    lua_setiuservalue(L, -2, RESPONSE_BODY);
    return response;
}

static int await_head(lua_State *L, struct response *response);

static int await_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct response *response = lua_touserdata(L, 3);
    end_wait(L, response);
    return await_head(L, response);
}

/* The function that gives the body has returned, what is at the top. */
static int feed(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct response *response = lua_touserdata(L, 3);
    struct peri_error err;
    size_t n = 0;
    int type = lua_type(L, -1);
    const char *bytes = type == LUA_TSTRING ? lua_tolstring(L, -1, &n) : "";
    if (type != LUA_TNIL && n == 0)
        peri_raise_code(L, PERI_E_ARGUMENT,
                        "option body: the function gives strings that are not empty, then nil");
    lua_setiuservalue(L, 3, RESPONSE_PIECE);
    if (peri_upload_is_hungry(response->request) &&
        !peri_upload_feed(response->request, bytes, n, &err))
        return peri_raise(L, &err);
    return await_head(L, response);
}

/* Asks the function that gives the body for its next piece; it may wait. */
static int ask(lua_State *L)
{
    lua_getiuservalue(L, 3, RESPONSE_BODY);
    lua_callk(L, 0, 1, 0, feed);
    return feed(L, LUA_OK, 0);
}

static int await_head(lua_State *L, struct response *response)
{
    if (peri_upload_is_hungry(response->request))
        return ask(L);
    bool has_head = peri_request_status(response->request) != 0;
    bool is_open = !has_head || peri_upload_is_streaming(response->request);
    if (is_open && !peri_request_is_done(response->request, NULL))
        return wait_for(L, response, await_more);
    if (!has_head)
        check_failure(L, response);
    response->is_passed_on = true;
    lua_settop(L, 3);
    return 1;
}

/* pool:request{ url =, … } → response, once its head is there. A body that is a function is called
 * for one piece after the other, when the connection has room for it, and gives nil at the end. */
static int pool_request(lua_State *L)
{
    struct peri_pool **pool = check_pool(L);
    lua_settop(L, 2);
    struct response *response = push_response(L);
    lua_toclose(L, 3);
    struct peri_request_settings settings = read_request(L);
    struct peri_error err;
    response->request = peri_request_new(*pool, &settings, on_change, response, &err);
    if (response->request == NULL)
        return peri_raise(L, &err);
    lua_settop(L, 3);
    return await_head(L, response);
}

/* ---- pool ---- */

static const char *const pool_options[] = {
    "connections", "connect_timeout",    "stall_timeout",     "proxy",         "proxy_source",
    "plain_proxy", "plain_proxy_source", "no_proxy",          "ca_file",       "ca_path",
    "thumbprints", "crl_file",           "thumbprint_source", "trust_command", "cert",
    "key",         "key_password",       "insecure",          "connect_to",    NULL,
};

static void read_proxies(lua_State *L, struct peri_pool_settings *settings)
{
    settings->proxy = peri_options_string(L, 1, "proxy", NULL);
    settings->proxy_source = peri_options_string(L, 1, "proxy_source", NULL);
    settings->plain_proxy = peri_options_string(L, 1, "plain_proxy", NULL);
    settings->plain_proxy_source = peri_options_string(L, 1, "plain_proxy_source", NULL);
    settings->no_proxy = peri_options_string(L, 1, "no_proxy", NULL);
}

/* Reads the options at 1. Pushes what must stay on the stack until the pool is made. */
static struct peri_pool_settings read_pool(lua_State *L)
{
    peri_options_check(L, 1, pool_options);
    struct peri_pool_settings settings = {0};
    settings.connections =
        (unsigned)peri_options_integer(L, 1, "connections", PERI_POOL_CONNECTIONS_MAX, 0);
    settings.connect_timeout_ms = peri_options_ms(L, 1, "connect_timeout");
    settings.stall_timeout_ms = peri_options_ms(L, 1, "stall_timeout");
    settings.connect_to = peri_options_string(L, 1, "connect_to", NULL);
    read_proxies(L, &settings);
    struct peri_trust_settings *trust = &settings.trust;
    trust->ca_files = peri_options_strings(L, 1, "ca_file", &trust->ca_file_count);
    trust->ca_path = peri_options_string(L, 1, "ca_path", NULL);
    trust->crl_files = peri_options_strings(L, 1, "crl_file", &trust->crl_file_count);
    trust->thumbprint_source = peri_options_string(L, 1, "thumbprint_source", NULL);
    trust->trust_command = peri_options_string(L, 1, "trust_command", NULL);
    trust->thumbprints = peri_options_strings(L, 1, "thumbprints", &trust->thumbprint_count);
    trust->cert = peri_options_string(L, 1, "cert", NULL);
    trust->key = peri_options_string(L, 1, "key", NULL);
    trust->key_password = peri_options_string(L, 1, "key_password", NULL);
    trust->insecure = peri_options_boolean(L, 1, "insecure");
    return settings;
}

/* pool{ connections = 16, … } → the connections to one target. */
static int http_pool(lua_State *L)
{
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    lua_settop(L, 1);
    struct peri_pool **pool = lua_newuserdatauv(L, sizeof(struct peri_pool *), 0);
    *pool = NULL;
    luaL_setmetatable(L, POOL);
    struct peri_pool_settings settings = read_pool(L);
    struct peri_error err;
    *pool = peri_pool_new(peri_sched_loop(L), &settings, &err);
    if (*pool == NULL)
        return peri_raise(L, &err);
    lua_settop(L, 2);
    return 1;
}

static void set_count(lua_State *L, const char *key, uint64_t count)
{
    lua_pushinteger(L, (lua_Integer)count);
    lua_setfield(L, -2, key);
}

/* pool:stats() → { requests, connections, handshakes, resumed, bytes_in, bytes_out } so far. */
static int pool_stats(lua_State *L)
{
    struct peri_pool_stats stats = peri_pool_stats(*check_pool(L));
    lua_createtable(L, 0, 6);
    set_count(L, "requests", stats.requests);
    set_count(L, "connections", stats.connections);
    set_count(L, "handshakes", stats.handshakes);
    set_count(L, "resumed", stats.resumed);
    set_count(L, "bytes_in", stats.bytes_in);
    set_count(L, "bytes_out", stats.bytes_out);
    return 1;
}

static void set_text(lua_State *L, const char *key, const char *text)
{
    lua_pushstring(L, text);
    lua_setfield(L, -2, key);
}

static void push_portrait(lua_State *L, const struct peri_portrait *portrait)
{
    lua_createtable(L, 0, 9);
    set_text(L, "subject", portrait->subject);
    set_text(L, "issuer", portrait->issuer);
    set_text(L, "hosts", portrait->hosts);
    set_text(L, "issuer_url", portrait->issuer_url);
    set_text(L, "starts", portrait->starts);
    set_text(L, "ends", portrait->ends);
    set_text(L, "sha256", portrait->sha256);
    set_text(L, "sha1", portrait->sha1);
    lua_pushboolean(L, portrait->is_own_issuer);
    lua_setfield(L, -2, "is_own_issuer");
}

/* pool:certificates() → those that the server showed in the newest handshake, even one that failed,
 * the leaf first: { subject, issuer, hosts, issuer_url, starts, ends, sha256, sha1, is_own_issuer
 * }.
 */
static int pool_certificates(lua_State *L)
{
    const struct peri_handshake *newest = peri_pool_handshake(*check_pool(L));
    struct peri_portrait portrait;
    lua_newtable(L);
    for (size_t at = 0; peri_portrait_of(newest, at, &portrait); at++) {
        push_portrait(L, &portrait);
        lua_rawseti(L, -2, (lua_Integer)at + 1);
    }
    return 1;
}

/* pool:close(), __close, __gc: its requests end with http.closed. May run twice. */
static int pool_close(lua_State *L)
{
    struct peri_pool **pool = luaL_checkudata(L, 1, POOL);
    struct peri_pool *closing = *pool;
    *pool = NULL;
    peri_pool_free(closing);
    return 0;
}

static const luaL_Reg pool_methods[] = {
    {"request", pool_request}, {"stats", pool_stats}, {"certificates", pool_certificates},
    {"close", pool_close},     {NULL, NULL},
};

static const luaL_Reg functions[] = {{"pool", http_pool}, {NULL, NULL}};

/* Registers a metatable whose values are closed by __close and __gc; leaves it on the stack. */
static void make_metatable(lua_State *L, const char *name, lua_CFunction close)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
}

int peri_open_http(lua_State *L)
{
    make_metatable(L, RESPONSE, response_close);
    luaL_newlib(L, response_methods);
    lua_pushcclosure(L, response_index, 1);
    lua_setfield(L, -2, "__index");
    make_metatable(L, POOL, pool_close);
    luaL_newlib(L, pool_methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
