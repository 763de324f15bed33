/* task.c: perilune.c.task, tasks as Lua sees them. Scopes (perilune.util.scope) stand above it. */
#include "runtime/sched/task.h"

#include <lauxlib.h>
#include <math.h>

#include "bindings/lua/modules.h"
#include "runtime/base/clock.h"
#include "runtime/base/limits.h"

/* The argument, seconds, as milliseconds, rounded up: who sleeps never wakes too early. */
static uint64_t check_ms(lua_State *L, int index)
{
    lua_Number seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds >= 0 && seconds <= PERI_LIMIT_SLEEP_S, index, "seconds out of range");
    return (uint64_t)ceil(seconds * 1000);
}

static int sleep_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    peri_task_check(L);
    return 0;
}

/* sleep(seconds): waits that long. */
static int task_sleep(lua_State *L)
{
    uint64_t ms = check_ms(L, 1);
    lua_settop(L, 0);
    peri_task_wait(L);
    peri_task_wake_after(L, ms);
    return lua_yieldk(L, 0, 0, sleep_done);
}

static int park_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    peri_task_check(L);
    lua_pushboolean(L, !peri_task_timed_out(L));
    return 1;
}

/* park([seconds]) → true once somebody called task:wake(), false when the time ran out. */
static int task_park(lua_State *L)
{
    bool is_limited = !lua_isnoneornil(L, 1);
    uint64_t ms = is_limited ? check_ms(L, 1) : 0;
    lua_settop(L, 0);
    peri_task_wait(L);
    if (peri_task_park(L))
        return park_done(L, LUA_OK, 0);
    if (is_limited)
        peri_task_wake_after(L, ms);
    return lua_yieldk(L, 0, 0, park_done);
}

/* task:wake(): ends its park, or its next one. */
static int task_wake(lua_State *L)
{
    peri_task_unpark(peri_task_at(L, 1));
    return 0;
}

static int join_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    peri_task_check(L);
    struct peri_task *task = peri_task_at(L, 1);
    if (peri_task_ended(task))
        return peri_task_results(L, task);
    lua_pushnil(L);
    return 1;
}

/* task:join([seconds]) → true, results… | false, error; nil when the time ran out. */
static int task_join(lua_State *L)
{
    struct peri_task *task = peri_task_at(L, 1);
    luaL_argcheck(L, task != peri_task_current(L), 1, "a task cannot wait for itself");
    bool is_limited = !lua_isnoneornil(L, 2);
    uint64_t ms = is_limited ? check_ms(L, 2) : 0;
    lua_settop(L, 1);
    if (peri_task_ended(task))
        return peri_task_results(L, task);
    peri_task_wait(L);
    peri_task_wake_with(L, task);
    if (is_limited)
        peri_task_wake_after(L, ms);
    return lua_yieldk(L, 0, 0, join_done);
}

/* task:cancel(error, [weak]) → whether it was taken: raised in the task at its present or next
 * wait. A weak one gives way to another cancellation that comes before it is raised. */
static int task_cancel(lua_State *L)
{
    struct peri_task *task = peri_task_at(L, 1);
    luaL_argcheck(L, !lua_isnoneornil(L, 2), 2, "an error is needed");
    bool is_weak = lua_toboolean(L, 3);
    lua_settop(L, 2);
    lua_pushboolean(L, peri_task_cancel(L, task, is_weak));
    return 1;
}

/* task:status() → "ready", "waiting" or "done". */
static int task_status(lua_State *L)
{
    const struct peri_task *task = peri_task_at(L, 1);
    const char *status = peri_task_waiting(task) ? "waiting" : "ready";
    lua_pushstring(L, peri_task_ended(task) ? "done" : status);
    return 1;
}

/* task:on_end(f): f(task, true, results…) or f(task, false, error) runs when it ends. */
static int task_on_end(lua_State *L)
{
    peri_task_at(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    peri_task_on_end(L, 1);
    return 0;
}

/* task:context([value]) → the value that goes with the task and the tasks it spawns. */
static int task_context(lua_State *L)
{
    peri_task_at(L, 1);
    if (lua_gettop(L) > 1) {
        lua_settop(L, 2);
        peri_task_set_context(L, 1);
    }
    peri_task_push_context(L, 1);
    return 1;
}

/* spawn(f, …) → a task that will call f(…). */
static int task_spawn(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    peri_task_spawn(L, lua_gettop(L) - 1);
    return 1;
}

/* current() → the task that runs; nil in a coroutine of its own. */
static int task_current(lua_State *L)
{
    const struct peri_task *task = peri_task_current(L);
    if (task == NULL)
        lua_pushnil(L);
    else
        peri_task_push(L, task);
    return 1;
}

/* now() → seconds of a clock that never goes back. */
static int task_now(lua_State *L)
{
    lua_pushnumber(L, peri_clock_monotonic());
    return 1;
}

/* wall() → seconds since 1970 UTC. */
static int task_wall(lua_State *L)
{
    lua_pushnumber(L, peri_clock_wall());
    return 1;
}

static const luaL_Reg methods[] = {
    {"wake", task_wake},
    {"join", task_join},
    {"cancel", task_cancel},
    {"status", task_status},
    {"on_end", task_on_end},
    {"context", task_context},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"spawn", task_spawn}, {"current", task_current}, {"sleep", task_sleep}, {"park", task_park},
    {"now", task_now},     {"wall", task_wall},       {NULL, NULL},
};

int peri_open_task(lua_State *L)
{
    peri_task_push_metatable(L);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
    luaL_newlib(L, functions);
    return 1;
}
