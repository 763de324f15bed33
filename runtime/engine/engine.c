/* engine.c: prepares the Lua state and drives the root task. What the program does begins in
 * stdlib/perilune/cmd/init.lua. */
#include "runtime/engine/engine.h"

#include <lauxlib.h>
#include <lualib.h>
#include <signal.h>
#include <stdio.h>

#include "runtime/base/limits.h"
#include "runtime/engine/memory.h"
#include "runtime/engine/searcher.h"
#include "runtime/loop/signal.h"
#include "runtime/sched/interrupt.h"
#include "runtime/sched/raise.h"
#include "runtime/sched/sched.h"

/* What Lua may allocate before the collector begins: a command's modules, which are kept. */
enum { UNCOLLECTED_KIB = 2048 };

struct peri_engine {
    const char *stdlib;
    struct peri_loop *loop;
    struct peri_sched *sched;
    struct peri_signal *signal;
    lua_State *L;
    struct peri_memory *memory; /* of the Lua state */
    int interrupted;            /* the signal that has come, 0 before */
    bool is_told;               /* the root task was cancelled for it */
    bool is_warning;            /* a warning has begun and goes on */
    int argc;
    char **argv;
};

/* ---- the state ---- */

static int panic(lua_State *L)
{
    const char *message = lua_tostring(L, -1);
    fprintf(stderr, "perilune: %s\n", message != NULL ? message : "an error outside of any call");
    return 0; /* Lua aborts */
}

static void warn(void *arg, const char *message, int continues)
{
    struct peri_engine *engine = arg;
    if (!engine->is_warning && !continues && message[0] == '@')
        return; /* "@on", "@off": ours are always on */
    fprintf(stderr, "%s%s%s", engine->is_warning ? "" : "perilune: warning: ", message,
            continues ? "" : "\n");
    engine->is_warning = continues;
}

static void prepare(struct peri_engine *engine)
{
    lua_atpanic(engine->L, panic);
    lua_setwarnf(engine->L, warn, engine);
    engine->sched = peri_sched_new(engine->L, engine->loop);
    luaL_openlibs(engine->L);
    peri_searcher_install(engine->L, engine->stdlib);
    lua_gc(engine->L, LUA_GCSTEP, -UNCOLLECTED_KIB);
}

struct peri_engine *peri_engine_new(const char *stdlib, struct peri_error *err)
{
    struct peri_engine *engine = peri_alloc(sizeof(*engine));
    engine->stdlib = stdlib;
    engine->memory = peri_memory_new(PERI_LIMIT_LUA_MEMORY);
    engine->loop = peri_loop_new(err);
    if (engine->loop == NULL)
        goto failed;
    engine->L = lua_newstate(peri_memory_allocate, engine->memory);
    if (engine->L == NULL) {
        peri_error_set(err, PERI_E_IO, "no memory for a Lua state");
        goto failed;
    }
    prepare(engine);
    return engine;
failed:
    peri_engine_free(engine);
    return NULL;
}

void peri_engine_free(struct peri_engine *engine)
{
    if (engine == NULL)
        return;
    if (engine->L != NULL)
        lua_close(engine->L);
    peri_memory_free(engine->memory);
    peri_sched_free(engine->sched);
    peri_loop_free(engine->loop);
    peri_free(engine);
}

/* ---- signals ---- */

static bool on_signal_at_once(void *arg, int number)
{
    struct peri_engine *engine = arg;
    if (number == SIGINT && peri_interrupt_deliver(engine->sched))
        return true;
    peri_sched_preempt(engine->sched);
    return false;
}

static void on_signal(void *arg, int number)
{
    struct peri_engine *engine = arg;
    if (engine->interrupted == 0)
        engine->interrupted = number;
}

/* Cancels the root task, once, when a signal came. */
static void interrupt(struct peri_engine *engine, struct peri_task *root)
{
    if (engine->interrupted == 0 || engine->is_told)
        return;
    struct peri_error err = {0};
    const char *name = engine->interrupted == SIGINT    ? "Ctrl-C"
                       : engine->interrupted == SIGTERM ? "SIGTERM"
                                                        : "SIGHUP";
    peri_error_set(&err, PERI_E_TASK_INTERRUPTED, "interrupted by %s", name);
    peri_raise_push(engine->L, &err);
    engine->is_told = peri_task_cancel(engine->L, root, false);
}

static void watch_signals(struct peri_engine *engine)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, 0};
    struct peri_error err;
    signal(SIGPIPE, SIG_IGN);
    engine->signal =
        peri_signal_new(engine->loop, numbers, on_signal_at_once, on_signal, engine, &err);
    if (engine->signal == NULL)
        peri_raise(engine->L, &err);
}

/* ---- the root task ---- */

/* Pushes the function of a module of ours. */
static void push_function(lua_State *L, const char *module, const char *name)
{
    lua_getglobal(L, "require");
    lua_pushstring(L, module);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, name);
    lua_remove(L, -2);
}

static void push_arguments(lua_State *L, const struct peri_engine *engine)
{
    lua_createtable(L, engine->argc, 1);
    for (int i = 0; i < engine->argc; i++) {
        lua_pushstring(L, engine->argv[i]);
        lua_rawseti(L, -2, i);
    }
}

/* Says why the root task failed, the error being on top; returns the exit code. */
static int report(lua_State *L)
{
    fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
    lua_pop(L, 1);
    push_function(L, "perilune.err", "exit_code");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    return (int)lua_tointeger(L, -1);
}

static void between_turns(struct peri_engine *engine, struct peri_task *root)
{
    interrupt(engine, root);
    peri_interrupt_turn(engine->sched);
    lua_gc(engine->L, LUA_GCINC, peri_memory_pause(engine->memory), 0, 0);
}

static int run(lua_State *L) /* the engine → the exit code */
{
    struct peri_engine *engine = lua_touserdata(L, 1);
    push_function(L, "perilune.err", "wrap");
    peri_sched_set_handler(L);
    push_function(L, "perilune.cmd", "main");
    push_arguments(L, engine);
    struct peri_task *root = peri_task_spawn(L, 1); /* stays on the stack */
    watch_signals(engine);
    while (peri_sched_turn(engine->sched, root))
        between_turns(engine, root);
    peri_task_results(L, root);
    int code = lua_toboolean(L, 3) ? (int)lua_tointeger(L, 4) : report(L);
    peri_sched_finish(engine->sched, PERI_LIMIT_FINISH_MS);
    lua_pushinteger(L, code);
    return 1;
}

static int with_traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

int peri_engine_run(struct peri_engine *engine, int argc, char **argv)
{
    lua_State *L = engine->L;
    int code = 1;
    engine->argc = argc;
    engine->argv = argv;
    lua_settop(L, 0);
    lua_pushcfunction(L, with_traceback);
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, engine);
    if (lua_pcall(L, 1, 1, 1) == LUA_OK)
        code = (int)lua_tointeger(L, -1);
    else
        fprintf(stderr, "perilune: %s\n", lua_tostring(L, -1));
    peri_signal_free(engine->signal);
    engine->signal = NULL;
    lua_settop(L, 0);
    return code;
}
