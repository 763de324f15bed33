/* Timers fire once, in order, and never after they were freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/loop/timer.h"

static int fired;

static void count(void *arg)
{
    (void)arg;
    fired++;
}

static void free_itself(void *arg)
{
    struct peri_timer **timer = arg;
    peri_timer_free(*timer);
    *timer = NULL;
    fired++;
}

static int set_up(void **state)
{
    fired = 0;
    *state = peri_loop_new(NULL);
    return 0;
}

static int tear_down(void **state)
{
    peri_loop_free(*state);
    return 0;
}

static void run_out(struct peri_loop *loop)
{
    while (peri_loop_run(loop, true))
        ;
}

static void a_timer_fires_once(void **state)
{
    struct peri_timer *timer = peri_timer_new(*state, 1, count, NULL);
    run_out(*state);
    assert_int_equal(fired, 1);
    peri_timer_free(timer);
}

static void a_timer_may_be_freed_in_its_callback(void **state)
{
    struct peri_timer *timer;
    timer = peri_timer_new(*state, 0, free_itself, &timer);
    run_out(*state);
    assert_int_equal(fired, 1);
    assert_null(timer);
}

static void a_freed_timer_never_fires(void **state)
{
    peri_timer_free(peri_timer_new(*state, 0, count, NULL));
    peri_timer_free(NULL);
    run_out(*state);
    assert_int_equal(fired, 0);
}

static void a_freed_timer_used_again_has_its_new_callback(void **state)
{
    struct peri_timer *first = peri_timer_new(*state, 0, count, NULL), *second;
    peri_timer_free(first);
    second = peri_timer_new(*state, 0, free_itself, &second);
    assert_ptr_equal(first, second);
    run_out(*state);
    assert_null(second);
    assert_int_equal(fired, 1);
}

static void an_idle_timer_is_no_reason_to_wait(void **state)
{
    struct peri_timer *timer = peri_timer_new(*state, PERI_TIMER_IDLE, count, NULL);
    assert_false(peri_loop_run(*state, true));
    peri_timer_set(timer, 0);
    run_out(*state);
    assert_int_equal(fired, 1);
    peri_timer_set(timer, 0);
    peri_timer_set(timer, PERI_TIMER_IDLE);
    run_out(*state);
    assert_int_equal(fired, 1);
    peri_timer_free(timer);
}

static void a_turn_in_which_a_timer_fired_does_not_wait_for_the_next(void **state)
{
    struct peri_timer *timer = peri_timer_new(*state, 0, count, NULL);
    struct peri_timer *never = peri_timer_new(*state, 3600 * 1000, count, NULL);
    assert_true(peri_loop_run(*state, true));
    assert_int_equal(fired, 1);
    peri_timer_free(timer);
    peri_timer_free(never);
}

static void more_timers_than_are_kept_can_be_freed_at_once(void **state)
{
    enum { MANY = 3000 };
    static struct peri_timer *timers[MANY];
    for (int i = 0; i < MANY; i++)
        timers[i] = peri_timer_new(*state, 0, count, NULL);
    run_out(*state);
    assert_int_equal(fired, MANY);
    for (int i = 0; i < MANY; i++)
        peri_timer_free(timers[i]);
    assert_false(peri_loop_run(*state, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_timer_fires_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_timer_may_be_freed_in_its_callback, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_freed_timer_never_fires, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_freed_timer_used_again_has_its_new_callback, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_idle_timer_is_no_reason_to_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_turn_in_which_a_timer_fired_does_not_wait_for_the_next,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_timers_than_are_kept_can_be_freed_at_once, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("loop/timer", tests, NULL, NULL);
}
