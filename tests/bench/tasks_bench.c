/* tasks_bench.c: what tasks cannot be faster than. Prints the CPU seconds of one wake of a bare
 * timer of libuv, 10,000 of them running, and of one resume with its yield. */
#include <lauxlib.h>
#include <uv.h>

#include "tests/bench/measure.h"

enum { TIMERS = 10000, WAKES = 3, RESUMES = 1000000 };

static uv_timer_t timers[TIMERS];
static unsigned left[TIMERS];

static void on_timer(uv_timer_t *timer)
{
    size_t i = (size_t)(timer - timers);
    if (--left[i] > 0)
        uv_timer_start(timer, on_timer, 500 + i / 20, 0);
}

static double wake_seconds(void)
{
    uv_loop_t loop;
    uv_loop_init(&loop);
    for (size_t i = 0; i < TIMERS; i++) {
        left[i] = WAKES;
        uv_timer_init(&loop, &timers[i]);
        uv_timer_start(&timers[i], on_timer, 500 + i / 20, 0);
    }
    double start = cpu_seconds();
    uv_run(&loop, UV_RUN_DEFAULT);
    double seconds = cpu_seconds() - start;
    for (size_t i = 0; i < TIMERS; i++)
        uv_close((uv_handle_t *)&timers[i], NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    return seconds / (TIMERS * WAKES);
}

static int yield(lua_State *L)
{
    return lua_yield(L, 0);
}

static double resume_seconds(void)
{
    lua_State *L = luaL_newstate();
    lua_register(L, "yield", yield);
    luaL_loadstring(L, "while true do yield() end");
    lua_State *thread = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, thread, 1);
    int results;
    double start = cpu_seconds();
    for (unsigned i = 0; i < RESUMES; i++)
        lua_resume(thread, L, 0, &results);
    double seconds = cpu_seconds() - start;
    lua_close(L);
    return seconds / RESUMES;
}

int main(void)
{
    double wake = 1, resume = 1;
    for (int i = 0; i < 3; i++) {
        double w = wake_seconds(), r = resume_seconds();
        wake = w < wake ? w : wake;
        resume = r < resume ? r : resume;
    }
    printf("%g %g\n", wake, resume);
    return EXIT_SUCCESS;
}
