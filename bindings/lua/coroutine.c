/* coroutine.c: perilune.c.coroutine, coroutines of a program's own in which tasks may wait.
 *
 * A wait yields to the scheduler, and a coroutine that a program resumes would hand that yield to
 * the program. This resume passes it on: the task waits, and then the coroutine goes on. */
#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "runtime/sched/task.h"

static int resume_more(lua_State *L, int status, lua_KContext context);

/* Resumes the coroutine, which is all that L has on its stack, until it yields to the program. */
static int run(lua_State *L, lua_State *co, int arguments)
{
    struct peri_task *task = lua_isyieldable(L) ? peri_task_current(L) : NULL;
    int count;
    peri_task_lend(L, co, task);
    int status = lua_resume(co, L, arguments, &count);
    if (status == LUA_YIELD && task != NULL && peri_task_waiting(task)) {
        lua_pop(co, count);
        return lua_yieldk(L, 0, 0, resume_more);
    }
    peri_task_lend(L, co, NULL);
    bool is_well = status == LUA_OK || status == LUA_YIELD;
    int moved = is_well ? count : 1;
    luaL_checkstack(L, moved + 1, "too many results");
    lua_pushboolean(L, is_well);
    lua_xmove(co, L, moved);
    return moved + 1;
}

static int resume_more(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    return run(L, lua_tothread(L, 1), 0);
}

static lua_State *check_coroutine(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co != NULL, 1, "coroutine");
    return co;
}

/* Whether it was resumed here and waits, or runs. */
static bool is_busy(lua_State *co)
{
    return peri_task_current(co) != NULL;
}

/* resume(co, …) → as coroutine.resume; may wait. */
static int coroutine_resume(lua_State *L)
{
    lua_State *co = check_coroutine(L);
    int arguments = lua_gettop(L) - 1;
    if (is_busy(co) || !lua_checkstack(co, arguments)) {
        lua_pushboolean(L, false);
        lua_pushstring(L, is_busy(co) ? "cannot resume non-suspended coroutine"
                                      : "too many arguments");
        return 2;
    }
    lua_xmove(L, co, arguments);
    return run(L, co, arguments);
}

/* is_busy(co) → whether it waits, or runs: it is not suspended. */
static int coroutine_is_busy(lua_State *L)
{
    lua_pushboolean(L, is_busy(check_coroutine(L)));
    return 1;
}

static const luaL_Reg functions[] = {
    {"resume", coroutine_resume},
    {"is_busy", coroutine_is_busy},
    {NULL, NULL},
};

int peri_open_coroutine(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
