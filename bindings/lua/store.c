/* store.c: perilune.c.store, databases whose changes survive a power cut. What a task asks for is
 * a job that lives in a userdata of the call; the rows that it found become tables of Lua. */
#include "runtime/store/store.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/options.h"
#include "bindings/lua/raise.h"
#include "runtime/sched/sched.h"
#include "runtime/store/datum.h"

static const char STORE[] = "perilune.store";
static const char CALL[] = "perilune.store.call";
static const char BLOB[] = "perilune.store.blob";

struct handle {               /* lives in a userdata */
    struct peri_store *store; /* NULL once closed */
    bool is_passed_on;        /* the function that opened it returns it: not to be closed there */
};

struct call { /* lives in a userdata, for one call */
    struct peri_job *job;
    struct peri_wake wake;
};

static void on_done(void *arg) /* inside the loop: no Lua here */
{
    const struct call *call = arg;
    peri_task_wake(call->wake);
}

static int call_close(lua_State *L)
{
    struct call *call = luaL_checkudata(L, 1, CALL);
    peri_job_abandon(call->job);
    call->job = NULL;
    return 0;
}

/* store:close() without waiting for it, __close, __gc: may run twice. */
static int handle_close(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, STORE);
    if (handle->is_passed_on) {
        handle->is_passed_on = false;
        return 0;
    }
    peri_store_free(handle->store);
    handle->store = NULL;
    return 0;
}

static struct handle *check_handle(lua_State *L)
{
    struct handle *handle = luaL_checkudata(L, 1, STORE);
    if (handle->store == NULL)
        peri_raise_code(L, PERI_E_STORE_CLOSED, "the store was closed");
    return handle;
}

/* ---- a call ---- */

/* Pushes a call with a job, which is given up on every way out of the function. */
static struct call *push_call(lua_State *L, enum peri_job_kind kind, const char *path)
{
    struct call *call = lua_newuserdatauv(L, sizeof(*call), 0);
    *call = (struct call){0};
    luaL_setmetatable(L, CALL);
    lua_toclose(L, -1);
    call->job = peri_job_new(kind, path, on_done, call);
    return call;
}

/* Begins to wait for a call. */
static void submit(lua_State *L, const struct handle *handle, struct call *call)
{
    call->wake = peri_task_wait(L);
    peri_store_submit(handle->store, call->job);
}

/* In a continuation: the job of the call at an index, which is done; raises why it failed. */
static const struct peri_job *end(lua_State *L, int index)
{
    const struct call *call = lua_touserdata(L, index);
    peri_task_check(L);
    if (call->job->err != NULL)
        peri_raise(L, call->job->err);
    return call->job;
}

/* ---- what is asked ---- */

static bool put_userdata(lua_State *L, int index, struct peri_buf *asked, struct peri_error *err)
{
    struct peri_datum datum = {.kind = PERI_DATUM_BLOB};
    if (luaL_testudata(L, index, BLOB) == NULL)
        return peri_error_set(err, PERI_E_ARGUMENT, "a parameter that is a userdata");
    lua_getiuservalue(L, index, 1);
    datum.bytes.data = lua_tolstring(L, -1, &datum.bytes.len);
    bool ok = peri_datum_put(asked, &datum, err);
    lua_pop(L, 1);
    return ok;
}

/* Appends the parameter at an index. */
static bool put(lua_State *L, int index, struct peri_buf *asked, struct peri_error *err)
{
    struct peri_datum datum = {.kind = PERI_DATUM_NULL};
    switch (lua_type(L, index)) {
    case LUA_TNUMBER:
        datum.kind = lua_isinteger(L, index) ? PERI_DATUM_INTEGER : PERI_DATUM_FLOAT;
        datum.integer = lua_tointeger(L, index);
        datum.number = lua_tonumber(L, index);
        break;
    case LUA_TBOOLEAN:
        datum.kind = PERI_DATUM_INTEGER;
        datum.integer = lua_toboolean(L, index);
        break;
    case LUA_TSTRING:
        datum.kind = PERI_DATUM_TEXT;
        datum.bytes.data = lua_tolstring(L, index, &datum.bytes.len);
        break;
    case LUA_TLIGHTUSERDATA:
        break;
    case LUA_TUSERDATA:
        return put_userdata(L, index, asked, err);
    default:
        return peri_error_set(err, PERI_E_ARGUMENT, "a parameter that is a %s",
                              luaL_typename(L, index));
    }
    return peri_datum_put(asked, &datum, err);
}

/* Appends the statement on top: { text, parameters… }. */
static bool put_statement(lua_State *L, struct peri_buf *asked, struct peri_error *err)
{
    int statement = lua_gettop(L);
    if (!lua_istable(L, statement) || lua_rawgeti(L, statement, 1) != LUA_TSTRING)
        return peri_error_set(err, PERI_E_ARGUMENT, "a statement is { text, parameters… }");
    lua_Integer count = (lua_Integer)lua_rawlen(L, statement);
    struct peri_str text;
    text.data = lua_tolstring(L, -1, &text.len);
    bool ok =
        peri_datum_put_text(asked, text, err) && peri_datum_put_integer(asked, count - 1, err);
    for (lua_Integer i = 2; ok && i <= count; i++) {
        lua_rawgeti(L, statement, i);
        ok = put(L, statement + 2, asked, err);
        lua_settop(L, statement + 1);
    }
    return ok;
}

/* Appends the statements of the list at 2. */
static void put_statements(lua_State *L, struct peri_buf *asked)
{
    struct peri_error err;
    lua_Integer count = (lua_Integer)lua_rawlen(L, 2);
    int top = lua_gettop(L);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, i);
        if (!put_statement(L, asked, &err)) {
            peri_error_detail(&err, "statement %lld", (long long)i);
            peri_raise(L, &err);
        }
        lua_settop(L, top);
    }
}

/* ---- what is found ---- */

static void push_datum(lua_State *L, const struct peri_datum *datum)
{
    switch (datum->kind) {
    case PERI_DATUM_INTEGER:
        lua_pushinteger(L, datum->integer);
        break;
    case PERI_DATUM_FLOAT:
        lua_pushnumber(L, datum->number);
        break;
    case PERI_DATUM_TEXT:
    case PERI_DATUM_BLOB:
        lua_pushlstring(L, datum->bytes.len == 0 ? "" : datum->bytes.data, datum->bytes.len);
        break;
    case PERI_DATUM_NULL:
        lua_pushnil(L);
        break;
    }
}

/* Pushes a row; the names of its columns begin at names. */
static void push_row(lua_State *L, struct peri_str *found, int names, int columns)
{
    lua_createtable(L, 0, columns);
    for (int i = 0; i < columns; i++) {
        struct peri_datum datum = peri_datum_take(found);
        if (datum.kind == PERI_DATUM_NULL)
            continue;
        lua_pushvalue(L, names + i);
        push_datum(L, &datum);
        lua_rawset(L, -3);
    }
}

/* Takes what one statement found, and pushes it: { changes =, rows… }. */
static void push_result(lua_State *L, struct peri_str *found)
{
    lua_newtable(L);
    int result = lua_gettop(L), names = result + 1;
    lua_pushinteger(L, peri_datum_take(found).integer);
    lua_setfield(L, result, "changes");
    int columns = (int)peri_datum_take(found).integer;
    luaL_checkstack(L, columns + 8, "too many columns");
    for (int i = 0; i < columns; i++) {
        struct peri_datum name = peri_datum_take(found);
        push_datum(L, &name);
    }
    for (lua_Integer row = 1; peri_datum_take(found).integer == 1; row++) {
        push_row(L, found, names, columns);
        lua_rawseti(L, result, row);
    }
    lua_settop(L, result);
}

static int transact_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    const struct peri_job *job = end(L, 3);
    struct peri_str found = {job->found.data, job->found.len};
    lua_newtable(L);
    for (lua_Integer i = 1; found.len > 0; i++) {
        push_result(L, &found);
        lua_rawseti(L, 4, i);
    }
    return 1;
}

static int ask(lua_State *L, enum peri_job_kind kind)
{
    const struct handle *handle = check_handle(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    struct call *call = push_call(L, kind, NULL);
    put_statements(L, &call->job->asked);
    submit(L, handle, call);
    return lua_yieldk(L, 0, 0, transact_done);
}

/* store:transact{ { text, parameters… }, … } → { { changes =, rows… }, … }. Waits until all of it
 * is committed, or raises and nothing of it is. */
static int handle_transact(lua_State *L)
{
    return ask(L, PERI_JOB_TRANSACT);
}

/* store:read{ { text, parameters… }, … } → as transact. Nothing may be written; all statements see
 * the same state. Waits for no commit but those of other tasks. */
static int handle_read(lua_State *L)
{
    return ask(L, PERI_JOB_READ);
}

/* ---- the file ---- */

static int backup_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    end(L, 3);
    return 0;
}

/* store:backup(path): a copy, in a new file. Waits. */
static int handle_backup(lua_State *L)
{
    const struct handle *handle = check_handle(L);
    const char *path = luaL_checkstring(L, 2);
    lua_settop(L, 2);
    submit(L, handle, push_call(L, PERI_JOB_BACKUP, path));
    return lua_yieldk(L, 0, 0, backup_done);
}

static int close_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct handle *handle = lua_touserdata(L, 1);
    end(L, 2);
    peri_store_free(handle->store);
    handle->store = NULL;
    return 0;
}

/* store:close(): waits until what was asked for is done. It may be closed already. */
static int handle_finish(lua_State *L)
{
    const struct handle *handle = luaL_checkudata(L, 1, STORE);
    if (handle->store == NULL)
        return 0;
    lua_settop(L, 1);
    submit(L, handle, push_call(L, PERI_JOB_CLOSE, NULL));
    return lua_yieldk(L, 0, 0, close_done);
}

static int open_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct handle *handle = lua_touserdata(L, 3);
    end(L, 4);
    handle->is_passed_on = true;
    lua_pushvalue(L, 3);
    return 1;
}

/* open(path, [{ readonly = boolean }]) → store. Waits. The file is made if need be, with the
 * folders it is in; nobody else may read it. */
static int store_open(lua_State *L)
{
    static const char *const options[] = {"readonly", NULL};
    const char *path = luaL_checkstring(L, 1);
    enum peri_job_kind kind = PERI_JOB_OPEN;
    struct peri_error err;
    lua_settop(L, 2);
    if (!lua_isnil(L, 2)) {
        peri_options_check(L, 2, options);
        kind = peri_options_boolean(L, 2, "readonly") ? PERI_JOB_OPEN_READ : PERI_JOB_OPEN;
    }
    struct handle *handle = lua_newuserdatauv(L, sizeof(*handle), 0);
    *handle = (struct handle){0};
    luaL_setmetatable(L, STORE);
    lua_toclose(L, 3);
    struct call *call = push_call(L, kind, path);
    handle->store = peri_store_new(peri_sched_loop(L), &err);
    if (handle->store == NULL)
        return peri_raise(L, &err);
    submit(L, handle, call);
    return lua_yieldk(L, 0, 0, open_done);
}

/* blob(bytes) → a parameter that is bytes, not text. */
static int store_blob(lua_State *L)
{
    luaL_checkstring(L, 1);
    lua_settop(L, 1);
    lua_newuserdatauv(L, 0, 1);
    luaL_setmetatable(L, BLOB);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, 2, 1);
    return 1;
}

static const luaL_Reg methods[] = {
    {"transact", handle_transact}, {"read", handle_read}, {"backup", handle_backup},
    {"close", handle_finish},      {NULL, NULL},
};

static const luaL_Reg handle_meta[] = {
    {"__gc", handle_close}, {"__close", handle_close}, {NULL, NULL}};
static const luaL_Reg call_meta[] = {{"__gc", call_close}, {"__close", call_close}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"open", store_open}, {"blob", store_blob}, {NULL, NULL}};

int peri_open_store(lua_State *L)
{
    luaL_newmetatable(L, BLOB);
    luaL_newmetatable(L, CALL);
    luaL_setfuncs(L, call_meta, 0);
    luaL_newmetatable(L, STORE);
    luaL_setfuncs(L, handle_meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    return 1;
}
