/* Work on another thread comes back once, and what it works with lives until it is over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "runtime/loop/work.h"

static struct {
    pthread_t thread;
    atomic_int done;
    int told, freed;
} seen;

static void work(void *arg)
{
    (void)arg;
    if (seen.done++ == 0)
        seen.thread = pthread_self();
}

static void tell(void *arg)
{
    assert_ptr_equal(arg, &seen);
    seen.told++;
}

static void forget(void *arg)
{
    assert_ptr_equal(arg, &seen);
    seen.freed++;
}

static int set_up(void **state)
{
    seen.done = 0;
    seen.told = seen.freed = 0;
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

static void work_is_done_elsewhere_and_told_here(void **state)
{
    struct peri_work *one = peri_work_new(*state, work, tell, forget, &seen);
    run_out(*state);
    assert_int_equal(seen.done, 1);
    assert_int_equal(seen.told, 1);
    assert_int_equal(seen.freed, 0);
    assert_false(pthread_equal(seen.thread, pthread_self()));
    peri_work_free(one);
    assert_int_equal(seen.freed, 1);
}

static void freed_work_is_not_told_and_lives_until_it_is_over(void **state)
{
    peri_work_free(peri_work_new(*state, work, tell, forget, &seen));
    peri_work_free(NULL);
    assert_int_equal(seen.freed, 0);
    run_out(*state);
    assert_int_equal(seen.told, 0);
    assert_int_equal(seen.freed, 1);
}

static void much_work_comes_back_whole(void **state)
{
    enum { MANY = 100 };
    struct peri_work *all[MANY];
    for (int i = 0; i < MANY; i++)
        all[i] = peri_work_new(*state, work, tell, forget, &seen);
    for (int i = 0; i < MANY; i += 2)
        peri_work_free(all[i]);
    run_out(*state);
    assert_int_equal(seen.told, MANY / 2);
    assert_int_equal(seen.freed, MANY / 2);
    for (int i = 1; i < MANY; i += 2)
        peri_work_free(all[i]);
    assert_int_equal(seen.freed, MANY);
}

static void a_loop_waits_for_freed_work_before_it_ends(void **state)
{
    peri_work_free(peri_work_new(*state, work, tell, forget, &seen));
    peri_loop_free(*state);
    *state = NULL;
    assert_int_equal(seen.told, 0);
    assert_int_equal(seen.freed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(work_is_done_elsewhere_and_told_here, set_up, tear_down),
        cmocka_unit_test_setup_teardown(freed_work_is_not_told_and_lives_until_it_is_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(much_work_comes_back_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_loop_waits_for_freed_work_before_it_ends, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("loop/work", tests, NULL, NULL);
}
