/* Timers fire once, in order, and never after they were freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

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

static int order[8], ordered;

static void note(void *arg)
{
    order[ordered++] = *(int *)arg;
}

static void timers_fire_by_their_time_and_then_as_they_were_set(void **state)
{
    static int names[] = {0, 1, 2, 3, 4};
    static const uint64_t after[] = {9, 5, 1, 5, 30};
    static const int expected[] = {2, 1, 3, 4, 0};
    struct peri_timer *timers[5];
    ordered = 0;
    for (int i = 0; i < 5; i++)
        timers[i] = peri_timer_new(*state, after[i], note, &names[i]);
    peri_timer_set(timers[0], 40);
    run_out(*state);
    assert_int_equal(ordered, 5);
    assert_memory_equal(order, expected, sizeof(expected));
    for (int i = 0; i < 5; i++)
        peri_timer_free(timers[i]);
}

enum { CROWD = 500 };

/* A timer was due within these bounds, of milliseconds: setting many takes time of its own. */
static struct {
    struct peri_timer *timer;
    uint64_t earliest, latest;
    int fired;
} crowd[CROWD];
static uint64_t passed; /* the greatest earliest of those that fired */

enum { COARSE = 2 }; /* ms, by which the loop's clock may differ from ours */

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void set(size_t i, uint64_t ms)
{
    crowd[i].earliest = now_ms() + ms - COARSE;
    peri_timer_set(crowd[i].timer, ms);
    crowd[i].latest = now_ms() + ms + COARSE;
}

static void in_order(void *arg)
{
    size_t i = *(size_t *)arg;
    crowd[i].fired++;
    assert_true(crowd[i].latest >= passed);
    passed = crowd[i].earliest > passed ? crowd[i].earliest : passed;
}

/* A quarter is stopped, a quarter set anew, in an order that has nothing to do with their times. */
static void a_crowd_fires_in_order_however_it_was_set_and_stopped(void **state)
{
    static size_t names[CROWD];
    passed = 0;
    for (size_t i = 0; i < CROWD; i++) {
        names[i] = i;
        crowd[i].fired = 0;
        crowd[i].timer = peri_timer_new(*state, PERI_TIMER_IDLE, in_order, &names[i]);
        set(i, 100 + 6 * ((i * 7919) % 101));
    }
    for (size_t k = 0; k < CROWD; k++) {
        size_t i = (k * 211) % CROWD;
        if (i % 4 == 0)
            peri_timer_set(crowd[i].timer, PERI_TIMER_IDLE);
        else if (i % 4 == 1)
            set(i, 100 + 6 * ((i * 31) % 97));
    }
    run_out(*state);
    for (size_t i = 0; i < CROWD; i++) {
        assert_int_equal(crowd[i].fired, i % 4 != 0);
        peri_timer_free(crowd[i].timer);
    }
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

static void thousands_can_be_freed_at_once(void **state)
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
        cmocka_unit_test_setup_teardown(timers_fire_by_their_time_and_then_as_they_were_set, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_crowd_fires_in_order_however_it_was_set_and_stopped,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_idle_timer_is_no_reason_to_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_turn_in_which_a_timer_fired_does_not_wait_for_the_next,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(thousands_can_be_freed_at_once, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("loop/timer", tests, NULL, NULL);
}
