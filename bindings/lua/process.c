/* process.c: perilune.c.process, other programs. */
#include "runtime/loop/process.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "runtime/sched/sched.h"

static const char RUN[] = "perilune.process.run";

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

/* Pushes the strings of the list at 1 as an array that ends with NULL; the list keeps them. */
static const char *const *push_words(lua_State *L)
{
    size_t count = lua_rawlen(L, 1);
    luaL_argcheck(L, count > 0, 1, "a program and its arguments");
    const char **words = lua_newuserdatauv(L, (count + 1) * sizeof(*words), 0);
    for (size_t i = 0; i < count; i++) {
        luaL_argcheck(L, lua_rawgeti(L, 1, (lua_Integer)i + 1) == LUA_TSTRING, 1, "strings only");
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
    const char *const *words = push_words(L);
    struct peri_error err;
    run->wake = peri_task_wait(L);
    run->process = peri_process_new(peri_sched_loop(L), words, on_end, run, &err);
    if (run->process == NULL)
        return peri_raise(L, &err);
    return lua_yieldk(L, 0, 0, run_done);
}

static const luaL_Reg run_meta[] = {{"__gc", run_close}, {"__close", run_close}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"run", process_run}, {NULL, NULL}};

int peri_open_process(lua_State *L)
{
    luaL_newmetatable(L, RUN);
    luaL_setfuncs(L, run_meta, 0);
    luaL_newlib(L, functions);
    return 1;
}
