/* Tasks run, wait, are woken once and cancelled once; the scheduler ends what does not end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>

#include "runtime/sched/sched.h"

static struct peri_loop *loop;
static struct peri_sched *sched;
static lua_State *L;
static struct peri_wake last_wake; /* of the latest call of wait() */

static int wait_done(lua_State *T, int status, lua_KContext context)
{
    (void)status;
    (void)context;
    peri_task_check(T);
    lua_pushboolean(T, peri_task_timed_out(T));
    return 1;
}

/* wait([ms]) → whether the time ran out */
static int wait_here(lua_State *T)
{
    last_wake = peri_task_wait(T);
    if (lua_isinteger(T, 1))
        peri_task_wake_after(T, (uint64_t)lua_tointeger(T, 1));
    return lua_yieldk(T, 0, 0, wait_done);
}

/* early(): is woken before it yields */
static int wake_early(lua_State *T)
{
    peri_task_wake(peri_task_wait(T));
    return lua_yieldk(T, 0, 0, wait_done);
}

/* forget(): begins a wait and returns without waiting */
static int begin_and_return(lua_State *T)
{
    last_wake = peri_task_wait(T);
    return 0;
}

/* poke(): a preemption, as from a signal handler */
static int preempt(lua_State *T)
{
    (void)T;
    peri_sched_preempt(sched);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    loop = peri_loop_new(NULL);
    L = luaL_newstate();
    sched = peri_sched_new(L, loop);
    luaL_openlibs(L);
    lua_register(L, "wait", wait_here);
    lua_register(L, "early", wake_early);
    lua_register(L, "forget", begin_and_return);
    lua_register(L, "preempt", preempt);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    peri_sched_finish(sched, 0);
    lua_close(L);
    peri_sched_free(sched);
    peri_loop_free(loop);
    return 0;
}

/* Spawns a task of Lua text; it stays on the stack. */
static struct peri_task *spawn(const char *text)
{
    assert_int_equal(luaL_loadstring(L, text), LUA_OK);
    return peri_task_spawn(L, 0);
}

/* Runs turns until a task waits, or has ended. The task beside it, which only gives way, keeps the
 * wait from being a deadlock. */
static void run_until_waiting(struct peri_task *task)
{
    if (lua_getglobal(L, "busy") == LUA_TNIL) {
        lua_pushboolean(L, 1);
        lua_setglobal(L, "busy");
        spawn("while busy do coroutine.yield() end");
    }
    while (!peri_task_waiting(task) && peri_sched_turn(sched, task))
        ;
}

static void run(struct peri_task *task)
{
    while (peri_sched_turn(sched, task))
        ;
}

static void cancel(struct peri_task *task, const char *why)
{
    lua_pushstring(L, why);
    peri_task_cancel(L, task, false);
}

static void a_task_gets_its_arguments_and_leaves_its_results(void **state)
{
    (void)state;
    assert_int_equal(luaL_loadstring(L, "local a, b = ... return b, a"), LUA_OK);
    lua_pushinteger(L, 1);
    lua_pushinteger(L, 2);
    struct peri_task *task = peri_task_spawn(L, 2);
    assert_false(peri_task_ended(task));
    run(task);
    peri_task_results(L, task);
    assert_true(lua_toboolean(L, -3));
    assert_int_equal(lua_tointeger(L, -2), 2);
    assert_int_equal(lua_tointeger(L, -1), 1);
}

static void an_error_passes_the_handler_where_it_is_raised(void **state)
{
    (void)state;
    assert_int_equal(luaL_loadstring(L, "return 'handled ' .. ... .. debug.getinfo(2, 'n').name"),
                     0);
    peri_sched_set_handler(L);
    struct peri_task *task = spawn("local function f() wait(0) error('oh ', 0) end f() return 1");
    run(task);
    peri_task_results(L, task);
    assert_false(lua_toboolean(L, -2));
    assert_string_equal(lua_tostring(L, -1), "handled oh error");
}

static void a_wake_ends_the_wait_it_names_and_no_other(void **state)
{
    (void)state;
    struct peri_task *task = spawn("wait() first = true wait() return 'second'");
    run_until_waiting(task);
    struct peri_wake stale = last_wake;
    peri_task_wake(stale);
    peri_task_wake(stale);
    run_until_waiting(task);
    peri_task_wake(stale);
    assert_true(peri_task_waiting(task));
    peri_task_wake(last_wake);
    run(task);
    peri_task_wake(last_wake); /* of a task that has ended */
    peri_task_wake((struct peri_wake){0});
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "second");
}

static void a_slot_used_again_does_not_take_old_wakes(void **state)
{
    (void)state;
    struct peri_task *first = spawn("wait()");
    run_until_waiting(first);
    struct peri_wake old = last_wake;
    peri_task_wake(old);
    run(first);
    struct peri_task *second = spawn("wait()");
    run_until_waiting(second);
    assert_int_equal(last_wake.slot, old.slot);
    peri_task_wake(old);
    assert_true(peri_task_waiting(second));
}

static void a_wake_before_the_yield_counts(void **state)
{
    (void)state;
    struct peri_task *task = spawn("early() return 'on'");
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "on");
}

static void a_wait_that_was_left_does_not_disturb_the_next(void **state)
{
    (void)state;
    struct peri_task *task = spawn("forget() woken = true wait() return 'late'");
    run_until_waiting(task);
    struct peri_wake second = last_wake;
    peri_task_wake((struct peri_wake){sched, second.slot, second.generation - 1});
    assert_true(peri_task_waiting(task));
}

static void a_wait_ends_when_its_time_is_up(void **state)
{
    (void)state;
    struct peri_task *task = spawn("return wait(1)");
    run(task);
    peri_task_results(L, task);
    assert_true(lua_toboolean(L, -1));
}

static void a_cancellation_is_raised_once(void **state)
{
    (void)state;
    struct peri_task *task = spawn("local _, e = pcall(wait) wait(0) return e");
    run_until_waiting(task);
    cancel(task, "enough");
    lua_pushliteral(L, "again");
    assert_false(peri_task_cancel(L, task, false));
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "enough");
}

static void a_weak_cancellation_gives_way_to_another(void **state)
{
    (void)state;
    struct peri_task *task = spawn("local _, e = pcall(wait) return e");
    run_until_waiting(task);
    lua_pushliteral(L, "weak");
    assert_true(peri_task_cancel(L, task, true));
    lua_pushliteral(L, "weaker");
    assert_false(peri_task_cancel(L, task, true));
    cancel(task, "strong");
    lua_pushliteral(L, "late");
    assert_false(peri_task_cancel(L, task, true));
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "strong");
}

static void a_cancellation_of_a_woken_task_is_raised_in_the_wait_it_comes_from(void **state)
{
    (void)state;
    struct peri_task *task = spawn("wait() reached = true local _, e = pcall(wait) return e");
    run_until_waiting(task);
    peri_task_wake(last_wake);
    cancel(task, "enough");
    run(task);
    lua_getglobal(L, "reached");
    assert_true(lua_isnil(L, -1));
    assert_true(peri_task_ended(task));
}

static void a_task_cancelled_before_its_start_never_runs(void **state)
{
    (void)state;
    struct peri_task *task = spawn("ran = true");
    cancel(task, "enough");
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "enough");
    lua_getglobal(L, "ran");
    assert_true(lua_isnil(L, -1));
}

static void handlers_may_wait_while_a_cancellation_unwinds(void **state)
{
    (void)state;
    struct peri_task *task = spawn("local x <close> = setmetatable({}, {__close = function()"
                                   " wait(0) closed = true end}) wait()");
    run_until_waiting(task);
    cancel(task, "enough");
    run(task);
    lua_getglobal(L, "closed");
    assert_true(lua_toboolean(L, -1));
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "enough");
}

static void waiting_inside_pcall_iterators_and_metamethods_works(void **state)
{
    (void)state;
    struct peri_task *task =
        spawn("local m = {__index = function() return wait(0) end, __concat = function() wait(0)"
              " return 'c' end, __eq = function() return wait(0) end} "
              "local a, b = setmetatable({}, m), setmetatable({}, m) "
              "for x in function(_, i) wait(0) if not i then return 1 end end do end "
              "return select(2, pcall(wait, 0)), a.x, a .. b, a == b");
    run(task);
    peri_task_results(L, task);
    assert_true(lua_toboolean(L, -4));
    assert_true(lua_toboolean(L, -3));
    assert_string_equal(lua_tostring(L, -2), "c");
    assert_true(lua_toboolean(L, -1));
}

static void where_lua_cannot_wait_the_error_says_so(void **state)
{
    (void)state;
    struct peri_task *task = spawn("local _, a = pcall(table.sort, {1, 2}, function() wait(0) end) "
                                   "local _, b = coroutine.resume(coroutine.create(wait)) "
                                   "return a.code, b.code");
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -2), "task.not_yieldable");
    assert_string_equal(lua_tostring(L, -1), "task.not_yieldable");
}

static void a_task_that_always_gives_way_does_not_starve_timers(void **state)
{
    (void)state;
    spawn("while not stop do coroutine.yield() end");
    struct peri_task *task = spawn("wait(1) stop = true return 'fired'");
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "fired");
}

static void a_preempted_task_gives_way_and_can_be_cancelled(void **state)
{
    (void)state;
    struct peri_task *task = spawn("preempt() while true do end");
    peri_sched_turn(sched, task);
    assert_false(peri_task_ended(task));
    cancel(task, "enough");
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "enough");
}

static void a_deadlock_cancels_the_root(void **state)
{
    (void)state;
    spawn("pcall(wait)");
    struct peri_task *root = spawn("local _, e = pcall(wait) return e.code, e.detail");
    run(root);
    peri_task_results(L, root);
    assert_string_equal(lua_tostring(L, -2), "task.deadlock");
    assert_non_null(strstr(lua_tostring(L, -1), "waits at"));
}

static void a_root_that_swallows_deadlocks_is_given_up(void **state)
{
    (void)state;
    spawn("while true do pcall(wait) end");
    struct peri_task *root = spawn("while true do pcall(wait) end");
    run(root);
    peri_task_results(L, root);
    assert_false(lua_toboolean(L, -2));
}

static void finishing_cancels_what_is_left_and_closes_what_does_not_listen(void **state)
{
    (void)state;
    struct peri_task *listens = spawn("local x <close> = setmetatable({}, {__close = function()"
                                      " wait(0) closed = true end}) wait()");
    struct peri_task *refuses = spawn("local x <close> = setmetatable({}, {__close = function()"
                                      " pcall(wait) forced = true end}) "
                                      "while true do pcall(wait, 3600000) end");
    run_until_waiting(listens);
    run_until_waiting(refuses);
    peri_sched_finish(sched, 10);
    assert_true(peri_task_ended(listens));
    assert_true(peri_task_ended(refuses));
    lua_getglobal(L, "closed");
    lua_getglobal(L, "forced");
    assert_true(lua_toboolean(L, -2));
    assert_true(lua_toboolean(L, -1));
}

static void many_tasks_come_and_go(void **state)
{
    (void)state;
    struct peri_task *task = spawn("for _ = 1, 20 do wait(0) end return 'last'");
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 100; i++) {
            spawn("wait(0)");
            lua_pop(L, 1);
        }
        peri_sched_turn(sched, task);
    }
    lua_gc(L, LUA_GCCOLLECT);
    run(task);
    peri_task_results(L, task);
    assert_string_equal(lua_tostring(L, -1), "last");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_task_gets_its_arguments_and_leaves_its_results),
        TEST(an_error_passes_the_handler_where_it_is_raised),
        TEST(a_wake_ends_the_wait_it_names_and_no_other),
        TEST(a_slot_used_again_does_not_take_old_wakes),
        TEST(a_wake_before_the_yield_counts),
        TEST(a_wait_that_was_left_does_not_disturb_the_next),
        TEST(a_wait_ends_when_its_time_is_up),
        TEST(a_cancellation_is_raised_once),
        TEST(a_weak_cancellation_gives_way_to_another),
        TEST(a_cancellation_of_a_woken_task_is_raised_in_the_wait_it_comes_from),
        TEST(a_task_cancelled_before_its_start_never_runs),
        TEST(handlers_may_wait_while_a_cancellation_unwinds),
        TEST(waiting_inside_pcall_iterators_and_metamethods_works),
        TEST(where_lua_cannot_wait_the_error_says_so),
        TEST(a_task_that_always_gives_way_does_not_starve_timers),
        TEST(a_preempted_task_gives_way_and_can_be_cancelled),
        TEST(a_deadlock_cancels_the_root),
        TEST(a_root_that_swallows_deadlocks_is_given_up),
        TEST(finishing_cancels_what_is_left_and_closes_what_does_not_listen),
        TEST(many_tasks_come_and_go),
    };
    return cmocka_run_group_tests_name("sched/task", tests, NULL, NULL);
}
