/* serve.c: perilune.c.serve, a server whose requests tasks answer. */
#include "runtime/serve/server.h"

#include <inttypes.h>
#include <lauxlib.h>
#include <string.h>
#include <strings.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/options.h"
#include "bindings/lua/raise.h"
#include "runtime/sched/sched.h"
#include "runtime/sched/task.h"

static const char SERVER[] = "perilune.serve.server";
static const char REQUEST[] = "perilune.serve.request";
static const char STREAM[] = "perilune.serve.stream";
static const char TLS[] = "perilune.serve.tls";

enum { MIB = 1 << 20, UNSENT_MAX = 256 * 1024, HEADERS_MAX = 64 };

/* ---- certificates ---- */

static struct peri_acceptor *check_tls(lua_State *L, int index)
{
    struct peri_acceptor **acceptor = luaL_checkudata(L, index, TLS);
    return *acceptor;
}

static const char *const tls_options[] = {"cert", "key", "client_ca", "client", NULL};

static enum peri_acceptor_client client_of(lua_State *L)
{
    const char *word = peri_options_string(L, 1, "client", NULL);
    if (word == NULL || strcmp(word, "none") == 0)
        return PERI_ACCEPTOR_CLIENT_NONE;
    if (strcmp(word, "optional") == 0)
        return PERI_ACCEPTOR_CLIENT_OPTIONAL;
    if (strcmp(word, "required") != 0)
        peri_raise_code(L, PERI_E_ARGUMENT, "option client: none, optional or required");
    return PERI_ACCEPTOR_CLIENT_REQUIRED;
}

/* tls{ cert = path, key = path, client_ca = path, client = "none" | "optional" | "required" } →
 * what a listener shows; the key may be in the same file as the certificate. */
static int serve_tls(lua_State *L)
{
    struct peri_error err;
    luaL_checktype(L, 1, LUA_TTABLE);
    peri_options_check(L, 1, tls_options);
    struct peri_acceptor_settings settings = {
        .cert = peri_options_string(L, 1, "cert", NULL),
        .key = peri_options_string(L, 1, "key", NULL),
        .client_ca = peri_options_string(L, 1, "client_ca", NULL),
        .client = client_of(L),
    };
    if (settings.cert == NULL)
        return peri_raise_code(L, PERI_E_ARGUMENT, "option cert is missing");
    struct peri_acceptor **acceptor = lua_newuserdatauv(L, sizeof(*acceptor), 0);
    *acceptor = NULL;
    luaL_setmetatable(L, TLS);
    *acceptor = peri_acceptor_new(&settings, &err);
    return *acceptor == NULL ? peri_raise(L, &err) : 1;
}

/* tls:reload() reads the files again, for connections to come; on a mistake the old ones stay. */
static int tls_reload(lua_State *L)
{
    struct peri_error err;
    return peri_acceptor_reload(check_tls(L, 1), &err) ? 0 : peri_raise(L, &err);
}

static int tls_gc(lua_State *L)
{
    struct peri_acceptor **acceptor = luaL_checkudata(L, 1, TLS);
    peri_acceptor_free(*acceptor);
    *acceptor = NULL;
    return 0;
}

/* ---- requests ---- */

struct request { /* lives in a userdata */
    struct peri_exchange *exchange;
    struct peri_wake wake;
    bool is_waited;
};

static struct peri_exchange *check_request(lua_State *L, const char *type)
{
    const struct request *request = luaL_checkudata(L, 1, type);
    if (request->exchange == NULL)
        peri_raise_code(L, PERI_E_ARGUMENT, "the request was closed");
    return request->exchange;
}

static void push(lua_State *L, struct peri_str text)
{
    lua_pushlstring(L, text.len == 0 ? "" : text.data, text.len);
}

/* request:header(name) → its values with commas between them; nil when there is none. */
static int request_header(lua_State *L)
{
    const struct peri_exchange *exchange = check_request(L, REQUEST);
    struct peri_str name, value;
    name.data = luaL_checklstring(L, 2, &name.len);
    unsigned at = 0;
    luaL_Buffer text;
    if (!peri_exchange_find(exchange, name, &at, &value)) {
        lua_pushnil(L);
        return 1;
    }
    luaL_buffinit(L, &text);
    luaL_addlstring(&text, value.data, value.len);
    while (peri_exchange_find(exchange, name, &at, &value)) {
        luaL_addstring(&text, ", ");
        luaL_addlstring(&text, value.data, value.len);
    }
    luaL_pushresult(&text);
    return 1;
}

/* request:headers() → a list of { name, value }, as they came. */
static int request_headers(lua_State *L)
{
    const struct peri_exchange *exchange = check_request(L, REQUEST);
    struct peri_str name, value;
    lua_newtable(L);
    for (unsigned at = 0; peri_exchange_field(exchange, at, &name, &value); at++) {
        lua_createtable(L, 2, 0);
        push(L, name);
        lua_rawseti(L, -2, 1);
        push(L, value);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (lua_Integer)at + 1);
    }
    return 1;
}

/* request:certificate() → { subject, issuer, sha256 } of the client, which its authorities vouch
 * for; nil without one. */
static int request_certificate(lua_State *L)
{
    struct peri_secure_client client;
    if (!peri_exchange_client(check_request(L, REQUEST), &client)) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 3);
    lua_pushstring(L, client.subject);
    lua_setfield(L, -2, "subject");
    lua_pushstring(L, client.issuer);
    lua_setfield(L, -2, "issuer");
    lua_pushstring(L, client.sha256);
    lua_setfield(L, -2, "sha256");
    return 1;
}

static bool is_one_line(const char *text, size_t n)
{
    return strlen(text) == n && strpbrk(text, "\r\n") == NULL;
}

/* Whether a header may have this name: a token, and none of those that frame an answer. */
static bool is_free_name(const char *name, size_t n)
{
    static const char *const ours[] = {"Connection", "Content-Length", "Date", "Transfer-Encoding"};
    static const char token[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        if (strcasecmp(name, ours[i]) == 0)
            return false;
    return n > 0 && strspn(name, token) == n;
}

/* Reads the headers at an index, a table of texts by name; the table keeps them. */
static size_t read_headers(lua_State *L, int index, struct peri_exchange_field *fields)
{
    size_t count = 0, name_len, value_len;
    if (lua_isnoneornil(L, index))
        return 0;
    luaL_checktype(L, index, LUA_TTABLE);
    for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1), count++) {
        bool are_texts = lua_type(L, -2) == LUA_TSTRING && lua_type(L, -1) == LUA_TSTRING;
        luaL_argcheck(L, are_texts && count < HEADERS_MAX, index, "headers: texts by name");
        fields[count].name = lua_tolstring(L, -2, &name_len);
        fields[count].value = lua_tolstring(L, -1, &value_len);
        luaL_argcheck(L,
                      is_free_name(fields[count].name, name_len) &&
                          is_one_line(fields[count].value, value_len),
                      index, "headers: a name that is free, and one line each");
    }
    return count;
}

static int check_status(lua_State *L, const struct peri_exchange *exchange)
{
    lua_Integer status = luaL_checkinteger(L, 2);
    luaL_argcheck(L, status >= 200 && status < PERI_SERVER_STATUSES, 2, "a status");
    if (peri_exchange_is_answered(exchange))
        peri_raise_code(L, PERI_E_ARGUMENT, "the request was answered already");
    return (int)status;
}

/* request:respond(status, [headers], [body]) answers, once; whether anybody is there to read it. */
static int request_respond(lua_State *L)
{
    struct peri_exchange_field fields[HEADERS_MAX];
    struct peri_exchange *exchange = check_request(L, REQUEST);
    int status = check_status(L, exchange);
    lua_settop(L, 4);
    struct peri_str body = {"", 0};
    body.data = luaL_optlstring(L, 4, "", &body.len);
    size_t count = read_headers(L, 3, fields);
    lua_pushboolean(L, peri_exchange_answer(exchange, status, fields, count, body));
    return 1;
}

static void on_change(void *arg) /* inside the loop: no Lua here */
{
    const struct request *stream = arg;
    peri_task_wake(stream->wake);
}

/* request:stream(status, [headers]) → an answer that is written piece by piece; it takes the
 * request over, which tells nothing any more. */
static int request_stream(lua_State *L)
{
    struct peri_exchange_field fields[HEADERS_MAX];
    struct request *request = luaL_checkudata(L, 1, REQUEST);
    int status = check_status(L, check_request(L, REQUEST));
    lua_settop(L, 3);
    size_t count = read_headers(L, 3, fields);
    struct request *stream = lua_newuserdatauv(L, sizeof(*stream), 0);
    *stream = (struct request){.exchange = request->exchange};
    luaL_setmetatable(L, STREAM);
    request->exchange = NULL;
    peri_exchange_begin(stream->exchange, status, fields, count, on_change, stream);
    return 1;
}

static int request_close(lua_State *L)
{
    struct request *request = lua_touserdata(L, 1);
    peri_exchange_free(request->exchange);
    request->exchange = NULL;
    return 0;
}

static int gone(lua_State *L)
{
    return peri_raise_code(L, PERI_E_SERVE_GONE, "the reader has left");
}

static int written(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    struct request *stream = lua_touserdata(L, 1);
    stream->is_waited = false;
    if (status == LUA_YIELD)
        peri_task_check(L);
    if (stream->exchange == NULL || peri_exchange_is_gone(stream->exchange))
        return gone(L);
    if (peri_exchange_unsent(stream->exchange) <= UNSENT_MAX)
        return 0;
    stream->wake = peri_task_wait(L);
    stream->is_waited = true;
    return lua_yieldk(L, 0, 0, written);
}

/* stream:write(bytes) waits while the reader is far behind; raises serve.gone when it has left. */
static int stream_write(lua_State *L)
{
    struct peri_exchange *exchange = check_request(L, STREAM);
    const struct request *stream = lua_touserdata(L, 1);
    struct peri_str bytes;
    bytes.data = luaL_checklstring(L, 2, &bytes.len);
    lua_settop(L, 2);
    if (stream->is_waited)
        return peri_raise_code(L, PERI_E_ARGUMENT, "another task writes to this stream");
    return peri_exchange_write(exchange, bytes) ? written(L, LUA_OK, 0) : gone(L);
}

/* stream:is_gone() → whether the reader has left. */
static int stream_is_gone(lua_State *L)
{
    lua_pushboolean(L, peri_exchange_is_gone(check_request(L, STREAM)));
    return 1;
}

/* What a request says of itself, by name; false when there is no such fact. */
static bool push_fact(lua_State *L, const struct peri_exchange *exchange, const char *key)
{
    struct peri_str target = peri_exchange_target(exchange);
    const char *mark = target.len == 0 ? NULL : memchr(target.data, '?', target.len);
    size_t path = mark == NULL ? target.len : (size_t)(mark - target.data);
    if (strcmp(key, "method") == 0)
        push(L, peri_exchange_method(exchange));
    else if (strcmp(key, "target") == 0)
        push(L, target);
    else if (strcmp(key, "path") == 0)
        push(L, (struct peri_str){target.data, path});
    else if (strcmp(key, "query") == 0 && mark == NULL)
        lua_pushnil(L);
    else if (strcmp(key, "query") == 0)
        push(L, (struct peri_str){mark + 1, target.len - path - 1});
    else if (strcmp(key, "body") == 0)
        push(L, peri_exchange_body(exchange));
    else if (strcmp(key, "peer") == 0)
        lua_pushstring(L, peri_exchange_peer(exchange));
    else if (strcmp(key, "is_tls") == 0)
        lua_pushboolean(L, peri_exchange_is_tls(exchange));
    else if (strcmp(key, "id") == 0)
        lua_pushinteger(L, (lua_Integer)peri_exchange_id(exchange));
    else
        return false;
    return true;
}

static const luaL_Reg request_methods[] = {
    {"header", request_header},           {"headers", request_headers},
    {"certificate", request_certificate}, {"respond", request_respond},
    {"stream", request_stream},           {NULL, NULL},
};

/* request.method, .target, .path, .query, .body (until it is answered), .peer, .is_tls, .id, or a
 * method; the methods are the upvalue. */
static int request_index(lua_State *L)
{
    const struct request *request = luaL_checkudata(L, 1, REQUEST);
    const char *key = luaL_checkstring(L, 2);
    lua_settop(L, 2);
    if (request->exchange != NULL && push_fact(L, request->exchange, key))
        return 1;
    lua_rawget(L, lua_upvalueindex(1));
    return 1;
}

/* ---- the server ---- */

struct server { /* lives in a userdata; its user values are what its listeners show */
    struct peri_server *server;
    struct peri_wake wake;
    int listeners;
    bool is_waited;
};

enum { LISTENERS_MAX = 16 };

static void on_request(void *arg) /* inside the loop: no Lua here */
{
    const struct server *server = arg;
    peri_task_wake(server->wake);
}

static struct server *check_server(lua_State *L)
{
    struct server *server = luaL_checkudata(L, 1, SERVER);
    if (server->server == NULL)
        peri_raise_code(L, PERI_E_ARGUMENT, "the server was closed");
    return server;
}

static const char *const server_options[] = {
    "max_body",     "max_head",     "max_headers",  "max_connections", "body_total",
    "head_timeout", "body_timeout", "idle_timeout", "write_timeout",   NULL,
};

static uint64_t ms_of(lua_State *L, const char *name, uint64_t otherwise)
{
    uint64_t ms = peri_options_ms(L, 1, name);
    return ms == 0 ? otherwise : ms;
}

/* new{ max_body = bytes, max_head = bytes, max_headers = n, max_connections = n, body_total =
 * bytes, head_timeout = s, body_timeout = s for each MiB, idle_timeout = s, write_timeout = s } → a
 * server
 */
static int serve_new(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    peri_options_check(L, 1, server_options);
    struct peri_server_settings settings = {
        .max_head = (size_t)peri_options_integer(L, 1, "max_head", MIB, 32768),
        .max_body = (size_t)peri_options_integer(L, 1, "max_body", INT32_MAX, 10 * MIB),
        .max_bodies = (size_t)peri_options_integer(L, 1, "body_total", INT64_MAX, 256 * MIB),
        .max_fields = (unsigned)peri_options_integer(L, 1, "max_headers", 10000, 100),
        .max_connections = (unsigned)peri_options_integer(L, 1, "max_connections", 1000000, 10240),
        .head_ms = ms_of(L, "head_timeout", 10000),
        .body_ms = ms_of(L, "body_timeout", 30000),
        .idle_ms = ms_of(L, "idle_timeout", 75000),
        .write_ms = ms_of(L, "write_timeout", 30000),
    };
    struct server *server = lua_newuserdatauv(L, sizeof(*server), LISTENERS_MAX);
    *server = (struct server){0};
    luaL_setmetatable(L, SERVER);
    server->server = peri_server_new(peri_sched_loop(L), &settings, on_request, server);
    return 1;
}

static const char *const listen_options[] = {"address", "port", "fd", "tls", NULL};

/* server:listen{ address = "127.0.0.1", port = 0, tls = … } or { fd = n, tls = … } → { address =,
 * port = } */
static int server_listen(lua_State *L)
{
    struct peri_error err;
    struct peri_server_address bound;
    struct server *server = check_server(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    peri_options_check(L, 2, listen_options);
    const char *address = peri_options_string(L, 2, "address", NULL);
    int port = (int)peri_options_integer(L, 2, "port", UINT16_MAX, 0);
    uint64_t fd = peri_options_integer(L, 2, "fd", INT32_MAX, INT32_MAX);
    bool is_secure = lua_getfield(L, 2, "tls") != LUA_TNIL;
    const struct peri_acceptor *acceptor = is_secure ? check_tls(L, 3) : NULL;
    luaL_argcheck(L, server->listeners < LISTENERS_MAX, 2, "too many listeners");
    lua_setiuservalue(L, 1, ++server->listeners);
    bool is_bound = address == NULL
                        ? peri_server_adopt(server->server, (int)fd, acceptor, &bound, &err)
                        : peri_server_listen(server->server, address, port, acceptor, &bound, &err);
    if (!is_bound) {
        server->listeners--;
        return peri_raise(L, &err);
    }
    lua_createtable(L, 0, 2);
    lua_pushstring(L, bound.text);
    lua_setfield(L, -2, "address");
    lua_pushinteger(L, bound.port);
    lua_setfield(L, -2, "port");
    return 1;
}

static int next_request(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    struct server *server = lua_touserdata(L, 1);
    server->is_waited = false;
    if (status == LUA_YIELD)
        peri_task_check(L);
    struct request *request = lua_newuserdatauv(L, sizeof(*request), 1);
    *request = (struct request){0};
    request->exchange = server->server == NULL ? NULL : peri_server_next(server->server);
    if (request->exchange != NULL) {
        lua_pushvalue(L, 1); /* what listeners show must outlive the requests */
        lua_setiuservalue(L, -2, 1);
        luaL_setmetatable(L, REQUEST);
        return 1;
    }
    lua_settop(L, 1);
    if (server->server == NULL || peri_server_is_drained(server->server))
        return 0;
    server->wake = peri_task_wait(L);
    server->is_waited = true;
    return lua_yieldk(L, 0, 0, next_request);
}

/* server:accept() → the next request; nil once the server has drained. Waits. */
static int server_accept(lua_State *L)
{
    const struct server *server = check_server(L);
    lua_settop(L, 1);
    if (server->is_waited)
        return peri_raise_code(L, PERI_E_ARGUMENT, "another task waits for requests");
    return next_request(L, LUA_OK, 0);
}

/* server:drain() takes no more connections, and lets those end that have a request. */
static int server_drain(lua_State *L)
{
    peri_server_drain(check_server(L)->server);
    return 0;
}

/* server:close(), __close, __gc: closes all. May run twice. */
static int server_close(lua_State *L)
{
    struct server *server = luaL_checkudata(L, 1, SERVER);
    peri_server_free(server->server);
    server->server = NULL;
    peri_task_wake(server->wake);
    return 0;
}

static void set_count(lua_State *L, const char *name, uint64_t count)
{
    lua_pushinteger(L, (lua_Integer)count);
    lua_setfield(L, -2, name);
}

/* server:stats() → { connections, accepted, requests, tls_handshakes, tls_failures, bytes_in,
 * bytes_out, refused = { ["400"] = n } } */
static int server_stats(lua_State *L)
{
    const struct peri_server_stats *stats = peri_server_stats(check_server(L)->server);
    lua_newtable(L);
    set_count(L, "connections", stats->connections);
    set_count(L, "accepted", stats->accepted);
    set_count(L, "requests", stats->requests);
    set_count(L, "tls_handshakes", stats->handshakes);
    set_count(L, "tls_failures", stats->handshake_failures);
    set_count(L, "bytes_in", stats->bytes_in);
    set_count(L, "bytes_out", stats->bytes_out);
    lua_newtable(L);
    for (int status = 0; status < PERI_SERVER_STATUSES; status++) {
        if (stats->refused[status] == 0)
            continue;
        lua_pushfstring(L, "%d", status);
        lua_pushinteger(L, stats->refused[status]);
        lua_rawset(L, -3);
    }
    lua_setfield(L, -2, "refused");
    return 1;
}

/* ---- the module ---- */

static const luaL_Reg server_methods[] = {
    {"listen", server_listen}, {"accept", server_accept}, {"drain", server_drain},
    {"close", server_close},   {"stats", server_stats},   {NULL, NULL},
};
static const luaL_Reg stream_methods[] = {
    {"write", stream_write}, {"is_gone", stream_is_gone}, {"close", request_close}, {NULL, NULL}};
static const luaL_Reg tls_methods[] = {{"reload", tls_reload}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"new", serve_new}, {"tls", serve_tls}, {NULL, NULL}};

static void add_type(lua_State *L, const char *name, lua_CFunction close, const luaL_Reg *methods)
{
    luaL_newmetatable(L, name);
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, close);
    lua_setfield(L, -2, "__close");
    lua_newtable(L);
    luaL_setfuncs(L, methods, 0);
    if (strcmp(name, REQUEST) == 0)
        lua_pushcclosure(L, request_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

int peri_open_serve(lua_State *L)
{
    add_type(L, SERVER, server_close, server_methods);
    add_type(L, REQUEST, request_close, request_methods);
    add_type(L, STREAM, request_close, stream_methods);
    add_type(L, TLS, tls_gc, tls_methods);
    luaL_newlib(L, functions);
    return 1;
}
