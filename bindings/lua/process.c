/* process.c: perilune.c.process, other programs and this one. */
#include "runtime/loop/process.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/options.h"
#include "bindings/lua/raise.h"
#include "runtime/base/self.h"
#include "runtime/base/service.h"
#include "runtime/loop/child.h"
#include "runtime/loop/signal.h"
#include "runtime/sched/sched.h"

static const char RUN[] = "perilune.process.run";
static const char CHILD[] = "perilune.process.child";
static const char SIGNALS[] = "perilune.process.signals";

/* ---- run ---- */

struct run { /* lives in a userdata, for one call */
    struct peri_process *process;
    struct peri_wake wake;
};

static void on_end(void *arg) /* inside the loop: no Lua here */
{
    const struct run *run = arg;
    peri_task_wake(run->wake);
}

static int run_close(lua_State *L)
{
    struct run *run = luaL_checkudata(L, 1, RUN);
    peri_process_free(run->process);
    run->process = NULL;
    return 0;
}

static int run_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct run *run = lua_touserdata(L, 2);
    struct peri_error err;
    int code;
    peri_task_check(L);
    if (!peri_process_result(run->process, &code, &err))
        return peri_raise(L, &err);
    struct peri_str output = peri_process_output(run->process);
    lua_pushinteger(L, code);
    lua_pushlstring(L, output.len == 0 ? "" : output.data, output.len);
    return 2;
}

/* Pushes the strings of the list at an index as an array that ends with NULL; the list keeps them.
 */
static const char *const *push_words(lua_State *L, int index)
{
    size_t count = lua_rawlen(L, index);
    luaL_argcheck(L, count > 0, 1, "a program and its arguments");
    const char **words = lua_newuserdatauv(L, (count + 1) * sizeof(*words), 0);
    for (size_t i = 0; i < count; i++) {
        int type = lua_rawgeti(L, index, (lua_Integer)i + 1);
        luaL_argcheck(L, type == LUA_TSTRING, 1, "strings only");
        words[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    words[count] = NULL;
    return words;
}

/* run{ program, arguments… } → its exit code, 128 + signal; what it wrote to stdout. Waits. */
static int process_run(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    struct run *run = lua_newuserdatauv(L, sizeof(*run), 0);
    *run = (struct run){0};
    luaL_setmetatable(L, RUN);
    lua_toclose(L, 2);
    const char *const *words = push_words(L, 1);
    struct peri_error err;
    run->wake = peri_task_wait(L);
    run->process = peri_process_new(peri_sched_loop(L), words, on_end, run, &err);
    if (run->process == NULL)
        return peri_raise(L, &err);
    return lua_yieldk(L, 0, 0, run_done);
}

static const luaL_Reg run_meta[] = {{"__gc", run_close}, {"__close", run_close}, {NULL, NULL}};

/* ---- spawn ---- */

struct child { /* lives in a userdata */
    struct peri_child *child;
    struct peri_wake reader, waiter;
    bool is_read, is_waited;
    char start[PERI_SELF_START_SIZE];
};

static void on_child(void *arg) /* inside the loop: no Lua here */
{
    const struct child *child = arg;
    peri_task_wake(child->reader);
    peri_task_wake(child->waiter);
}

static struct child *open_child(lua_State *L)
{
    struct child *child = luaL_checkudata(L, 1, CHILD);
    if (child->child == NULL)
        peri_raise_code(L, PERI_E_ARGUMENT, "the child was closed");
    return child;
}

/* Pushes the environment of the options at 1 as an array; nil and NULL where it is ours. */
static const char *const *push_environment(lua_State *L)
{
    lua_pushstring(L, "env");
    int type = lua_rawget(L, 1);
    int source = lua_gettop(L);
    lua_newtable(L); /* keeps the texts */
    int texts = lua_gettop(L), count = 0;
    if (type != LUA_TTABLE)
        return NULL;
    for (lua_pushnil(L); lua_next(L, source) != 0; lua_pop(L, 1)) {
        const char *name = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : NULL;
        const char *value = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
        luaL_argcheck(L, name != NULL && value != NULL, 1, "env: a table of strings");
        lua_pushfstring(L, "%s=%s", name, value);
        lua_rawseti(L, texts, ++count);
    }
    const char **words = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof(*words), 0);
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, texts, i + 1);
        words[i] = lua_tostring(L, -1);
        lua_pop(L, 1);
    }
    words[count] = NULL;
    return words;
}

static const char *const spawn_options[] = {"argv", "stdin", "cwd", "env", "records", NULL};

/* spawn{ argv = { program, … }, stdin = bytes, cwd = path, env = { NAME = value }, records =
 * boolean } → a child. Without stdin it has /dev/null; without env, ours; with records,
 * descriptor 3. It is killed when it is closed or forgotten. */
static int process_spawn(lua_State *L)
{
    struct peri_error err;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    peri_options_check(L, 1, spawn_options);
    struct child *child = lua_newuserdatauv(L, sizeof(*child), 0);
    *child = (struct child){0};
    luaL_setmetatable(L, CHILD);
    lua_pushstring(L, "argv");
    luaL_argcheck(L, lua_rawget(L, 1) == LUA_TTABLE, 1, "argv: a list of strings");
    struct peri_child_settings settings = {.argv = push_words(L, lua_gettop(L))};
    settings.env = push_environment(L);
    settings.cwd = peri_options_string(L, 1, "cwd", NULL);
    settings.input.data = peri_options_string(L, 1, "stdin", &settings.input.len);
    settings.has_records = peri_options_boolean(L, 1, "records");
    child->child = peri_child_new(peri_sched_loop(L), &settings, on_child, child, &err);
    if (child->child == NULL)
        return peri_raise(L, &err);
    peri_self_start(peri_child_pid(child->child), child->start);
    lua_settop(L, 2);
    return 1;
}

static int read_some(lua_State *L, struct child *child);

static int read_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct child *child = lua_touserdata(L, 1);
    child->is_read = false;
    peri_task_check(L);
    return read_some(L, open_child(L));
}

static int read_some(lua_State *L, struct child *child)
{
    static const char *const names[] = {"stdout", "stderr", "records"};
    for (int i = PERI_CHILD_STREAMS - 1; i >= 0; i--) {
        struct peri_str unread = peri_child_unread(child->child, (enum peri_child_stream)i);
        if (unread.len == 0)
            continue;
        lua_pushstring(L, names[i]);
        lua_pushlstring(L, unread.data, unread.len);
        peri_child_consume(child->child, (enum peri_child_stream)i);
        return 2;
    }
    if (peri_child_is_silent(child->child)) {
        lua_pushnil(L);
        return 1;
    }
    if (child->is_read)
        return peri_raise_code(L, PERI_E_ARGUMENT, "another task reads from this child");
    child->reader = peri_task_wait(L);
    child->is_read = true;
    return lua_yieldk(L, 0, 0, read_more);
}

/* child:read() → "records" | "stderr" | "stdout", bytes; nil when all have ended. Waits. */
static int child_read(lua_State *L)
{
    struct child *child = open_child(L);
    lua_settop(L, 1);
    return read_some(L, child);
}

static const struct {
    int number;
    const char *name;
} signal_names[] = {
    {SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},   {SIGABRT, "ABRT"},
    {SIGBUS, "BUS"},   {SIGFPE, "FPE"},   {SIGKILL, "KILL"}, {SIGSEGV, "SEGV"}, {SIGPIPE, "PIPE"},
    {SIGALRM, "ALRM"}, {SIGTERM, "TERM"}, {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"},
};

enum { SIGNAL_NAMES = sizeof(signal_names) / sizeof(signal_names[0]) };

static void push_signal(lua_State *L, int number)
{
    for (int i = 0; i < SIGNAL_NAMES; i++) {
        if (signal_names[i].number != number)
            continue;
        lua_pushstring(L, signal_names[i].name);
        return;
    }
    lua_pushfstring(L, "%d", number);
}

static int wait_some(lua_State *L, struct child *child);

static int wait_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    struct child *child = lua_touserdata(L, 1);
    child->is_waited = false;
    peri_task_check(L);
    return wait_some(L, open_child(L));
}

static int wait_some(lua_State *L, struct child *child)
{
    int code, number;
    if (peri_child_result(child->child, &code, &number)) {
        lua_pushinteger(L, number == 0 ? code : 128 + number);
        if (number == 0)
            return 1;
        push_signal(L, number);
        return 2;
    }
    if (child->is_waited)
        return peri_raise_code(L, PERI_E_ARGUMENT, "another task waits for this child");
    child->waiter = peri_task_wait(L);
    child->is_waited = true;
    return lua_yieldk(L, 0, 0, wait_more);
}

/* child:wait() → its exit code; or 128 + the number of the signal that ended it, and its name. */
static int child_wait(lua_State *L)
{
    struct child *child = open_child(L);
    lua_settop(L, 1);
    return wait_some(L, child);
}

/* child:kill(name) sends a signal to it and what it started; false when it has ended. */
static int child_kill(lua_State *L)
{
    struct child *child = open_child(L);
    const char *name = luaL_checkstring(L, 2);
    for (int i = 0; i < SIGNAL_NAMES; i++) {
        if (strcmp(signal_names[i].name, name) != 0)
            continue;
        lua_pushboolean(L, peri_child_kill(child->child, signal_names[i].number));
        return 1;
    }
    return luaL_argerror(L, 2, "a signal's name, such as TERM");
}

static int child_close(lua_State *L)
{
    struct child *child = luaL_checkudata(L, 1, CHILD);
    peri_child_free(child->child);
    child->child = NULL;
    return 0;
}

static const luaL_Reg child_methods[] = {
    {"read", child_read}, {"wait", child_wait}, {"kill", child_kill}, {NULL, NULL}};

/* child.pid, child.started, or a method; the methods are the upvalue. */
static int child_index(lua_State *L)
{
    const struct child *child = luaL_checkudata(L, 1, CHILD);
    const char *key = luaL_checkstring(L, 2);
    if (strcmp(key, "pid") == 0 && child->child != NULL) {
        lua_pushinteger(L, peri_child_pid(child->child));
    } else if (strcmp(key, "started") == 0) {
        lua_pushstring(L, child->start);
    } else {
        lua_settop(L, 2);
        lua_rawget(L, lua_upvalueindex(1));
    }
    return 1;
}

static const luaL_Reg child_meta[] = {
    {"__gc", child_close}, {"__close", child_close}, {NULL, NULL}};

/* ---- signals ---- */

struct signals { /* lives in a userdata */
    unsigned pending;
    struct peri_wake wake;
    bool is_open;
};

static void on_signal(void *arg, int number) /* inside the loop: no Lua here */
{
    struct signals *signals = arg;
    signals->pending |= 1U << (unsigned)number;
    peri_task_wake(signals->wake);
}

/* signals() takes the signals that end the program (INT, TERM, HUP) from its own handling until it
 * is closed. */
static int process_signals(lua_State *L)
{
    struct signals *signals = lua_newuserdatauv(L, sizeof(*signals), 0);
    *signals = (struct signals){0};
    luaL_setmetatable(L, SIGNALS);
    signals->is_open = peri_signal_divert(on_signal, signals);
    if (!signals->is_open)
        return peri_raise_code(L, PERI_E_ARGUMENT, "the signals are taken already");
    return 1;
}

static int next_signal(lua_State *L, int status, lua_KContext context)
{
    (void)context;
    struct signals *signals = lua_touserdata(L, 1);
    if (status == LUA_YIELD)
        peri_task_check(L);
    for (int number = 1; number < 32; number++) {
        if ((signals->pending & 1U << (unsigned)number) == 0)
            continue;
        signals->pending &= ~(1U << (unsigned)number);
        push_signal(L, number);
        return 1;
    }
    signals->wake = peri_task_wait(L);
    return lua_yieldk(L, 0, 0, next_signal);
}

/* signals:wait() → the name of the next one: "TERM". Waits. */
static int signals_wait(lua_State *L)
{
    struct signals *signals = luaL_checkudata(L, 1, SIGNALS);
    luaL_argcheck(L, signals->is_open, 1, "it was closed");
    lua_settop(L, 1);
    return next_signal(L, LUA_OK, 0);
}

static int signals_close(lua_State *L)
{
    struct signals *signals = luaL_checkudata(L, 1, SIGNALS);
    if (signals->is_open)
        peri_signal_divert(NULL, NULL);
    signals->is_open = false;
    return 0;
}

static const luaL_Reg signals_methods[] = {{"wait", signals_wait}, {NULL, NULL}};
static const luaL_Reg signals_meta[] = {
    {"__gc", signals_close}, {"__close", signals_close}, {NULL, NULL}};

/* ---- this process ---- */

static const char *const limit_options[] = {"memory", "cpu", "core", NULL};

/* limit{ memory = bytes, cpu = seconds, core = 0 } limits this process, for good. */
static int process_limit(lua_State *L)
{
    struct peri_error err;
    luaL_checktype(L, 1, LUA_TTABLE);
    peri_options_check(L, 1, limit_options);
    struct peri_self_limits limits = {
        .memory = peri_options_integer(L, 1, "memory", INT64_MAX, 0),
        .cpu = peri_options_integer(L, 1, "cpu", INT32_MAX, 0),
        .is_dumpless = peri_options_integer(L, 1, "core", 0, 1) == 0,
    };
    return peri_self_limit(&limits, &err) ? 0 : peri_raise(L, &err);
}

/* end_with_parent(pid): SIGTERM comes when the parent ends; raises io when it has already. */
static int process_end_with_parent(lua_State *L)
{
    struct peri_error err;
    return peri_self_end_with((int)luaL_checkinteger(L, 1), &err) ? 0 : peri_raise(L, &err);
}

/* hold(path) makes a file and holds it for this process until that ends → true; or false and the id
 * of the process that has it (0 where it is not known). */
static int process_hold(lua_State *L)
{
    struct peri_error err;
    int holder;
    bool is_held = peri_self_hold(luaL_checkstring(L, 1), &holder, &err);
    if (!is_held && err.code != PERI_E_STORE_BUSY)
        return peri_raise(L, &err);
    lua_pushboolean(L, is_held);
    lua_pushinteger(L, holder);
    return 2;
}

/* alive(pid, started) → whether the process still is that one. */
static int process_alive(lua_State *L)
{
    char start[PERI_SELF_START_SIZE];
    const char *wanted = luaL_checkstring(L, 2);
    bool is_there = peri_self_start((int)luaL_checkinteger(L, 1), start);
    lua_pushboolean(L, is_there && strcmp(start, wanted) == 0);
    return 1;
}

/* pid() → of this process. */
static int process_pid(lua_State *L)
{
    lua_pushinteger(L, getpid());
    return 1;
}

/* program() → the path of the program that runs. */
static int process_program(lua_State *L)
{
    char path[PATH_MAX];
    struct peri_error err;
    if (!peri_self_program(path, sizeof(path), &err))
        return peri_raise(L, &err);
    lua_pushstring(L, path);
    return 1;
}

static int records_close(lua_State *L)
{
    luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    return luaL_fileresult(L, fclose(stream->f) == 0, NULL);
}

/* records() → the file for records that our parent gave us, descriptor 3; nil without one. */
static int process_records(lua_State *L)
{
    luaL_Stream *stream = lua_newuserdatauv(L, sizeof(*stream), 0);
    stream->closef = NULL;
    luaL_setmetatable(L, LUA_FILEHANDLE);
    stream->f = fdopen(PERI_CHILD_RECORDS + 1, "w");
    if (stream->f == NULL)
        lua_pushnil(L);
    else
        stream->closef = records_close;
    return 1;
}

/* notify(address, state) tells systemd: "READY=1"; whether it could be sent. */
static int process_notify(lua_State *L)
{
    const char *address = luaL_checkstring(L, 1), *state = luaL_checkstring(L, 2);
    lua_pushboolean(L, peri_service_notify(address, state));
    return 1;
}

enum { SOCKETS_MAX = 64 };

/* adopt(count) → descriptors of so many sockets that systemd passed on */
static int process_adopt(lua_State *L)
{
    lua_Integer count = luaL_checkinteger(L, 1);
    luaL_argcheck(L, count >= 0 && count <= SOCKETS_MAX, 1, "out of range");
    if (!peri_service_adopt((int)count))
        return peri_raise_code(L, PERI_E_IO,
                               "there are no sockets to listen on, as LISTEN_FDS says");
    lua_createtable(L, (int)count, 0);
    for (int i = 0; i < (int)count; i++) {
        lua_pushinteger(L, PERI_SERVICE_FIRST + i);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"run", process_run},
    {"spawn", process_spawn},
    {"signals", process_signals},
    {"limit", process_limit},
    {"end_with_parent", process_end_with_parent},
    {"alive", process_alive},
    {"hold", process_hold},
    {"pid", process_pid},
    {"program", process_program},
    {"notify", process_notify},
    {"adopt", process_adopt},
    {"records", process_records},
    {NULL, NULL},
};

int peri_open_process(lua_State *L)
{
    luaL_newmetatable(L, RUN);
    luaL_setfuncs(L, run_meta, 0);
    luaL_newmetatable(L, CHILD);
    luaL_setfuncs(L, child_meta, 0);
    luaL_newlib(L, child_methods);
    lua_pushcclosure(L, child_index, 1);
    lua_setfield(L, -2, "__index");
    luaL_newmetatable(L, SIGNALS);
    luaL_setfuncs(L, signals_meta, 0);
    luaL_newlib(L, signals_methods);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
