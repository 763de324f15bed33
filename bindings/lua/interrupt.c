/* interrupt.c: perilune.c.interrupt, Ctrl-C for what a person typed, not for the program. */
#include "runtime/sched/interrupt.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"

static const char TAKEN[] = "perilune.interrupt.taken";

struct taken { /* a userdata: SIGINT is taken until it is closed */
    bool is_taken;
};

static int taken_close(lua_State *L)
{
    struct taken *taken = luaL_checkudata(L, 1, TAKEN);
    if (taken->is_taken)
        peri_interrupt_give_back(L);
    taken->is_taken = false;
    return 0;
}

/* take() → a value to close: until then SIGINT is counted, and does not end the program. */
static int interrupt_take(lua_State *L)
{
    struct taken *taken = lua_newuserdatauv(L, sizeof(*taken), 0);
    taken->is_taken = false;
    luaL_setmetatable(L, TAKEN);
    peri_interrupt_take(L);
    taken->is_taken = true;
    return 1;
}

/* count() → how often SIGINT has come since guard began or, outside of one, since take. */
static int interrupt_count(lua_State *L)
{
    lua_pushinteger(L, peri_interrupt_count(L));
    return 1;
}

static int wait_done(lua_State *L, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    peri_task_check(L);
    return interrupt_count(L);
}

/* wait() → the count, after the next SIGINT. For one task at a time. */
static int interrupt_wait(lua_State *L)
{
    lua_settop(L, 0);
    peri_interrupt_wake(L, peri_task_wait(L));
    return lua_yieldk(L, 0, 0, wait_done);
}

static const luaL_Reg taken_meta[] = {
    {"__gc", taken_close},
    {"__close", taken_close},
    {NULL, NULL},
};
static const luaL_Reg functions[] = {
    {"take", interrupt_take},   {"guard", peri_interrupt_guard}, /* guard(fn, …): interrupt.h */
    {"count", interrupt_count}, {"wait", interrupt_wait},        {NULL, NULL},
};

int peri_open_interrupt(lua_State *L)
{
    luaL_newmetatable(L, TAKEN);
    luaL_setfuncs(L, taken_meta, 0);
    luaL_newlib(L, functions);
    return 1;
}
