/* Signals reach the loop, and a second SIGINT ends a process whose loop does not turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/loop/signal.h"

static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, 0};

static int in_loop, at_once; /* the signal seen there */

static void note(void *arg, int number)
{
    *(int *)arg = number;
    in_loop++;
}

static bool note_at_once(void *arg, int number)
{
    (void)arg;
    at_once = number;
    return false;
}

static bool take(void *arg, int number)
{
    (void)arg;
    at_once = number;
    return true;
}

static void a_signal_is_told_in_the_handler_and_in_the_loop(void **state)
{
    (void)state;
    int seen = 0;
    in_loop = at_once = 0;
    struct peri_loop *loop = peri_loop_new(NULL);
    struct peri_signal *signal = peri_signal_new(loop, numbers, note_at_once, note, &seen, NULL);
    assert_false(peri_loop_run(loop, true)); /* nothing to wait for */
    raise(SIGTERM);
    assert_int_equal(at_once, SIGTERM);
    assert_int_equal(in_loop, 0);
    peri_loop_run(loop, false);
    assert_int_equal(seen, SIGTERM);
    assert_int_equal(in_loop, 1);
    peri_signal_free(signal);
    peri_signal_free(NULL);
    peri_loop_free(loop);
}

static void a_signal_that_was_taken_in_the_handler_counts_for_nothing(void **state)
{
    (void)state;
    int seen = 0;
    struct peri_loop *loop = peri_loop_new(NULL);
    struct peri_signal *signal = peri_signal_new(loop, numbers, take, note, &seen, NULL);
    in_loop = at_once = 0;
    raise(SIGINT);
    raise(SIGINT); /* which would end the process */
    peri_loop_run(loop, false);
    assert_int_equal(at_once, SIGINT);
    assert_int_equal(in_loop, 0);
    peri_signal_free(signal);
    peri_loop_free(loop);
}

static void freeing_gives_the_signals_back(void **state)
{
    (void)state;
    struct sigaction before, after;
    struct peri_loop *loop = peri_loop_new(NULL);
    sigaction(SIGINT, NULL, &before);
    peri_signal_free(peri_signal_new(loop, numbers, NULL, note, NULL, NULL));
    sigaction(SIGINT, NULL, &after);
    assert_ptr_equal(before.sa_handler, after.sa_handler);
    peri_loop_free(loop);
}

static void a_hangup_that_was_ignored_stays_ignored(void **state)
{
    (void)state;
    int seen = 0;
    struct peri_loop *loop = peri_loop_new(NULL);
    signal(SIGHUP, SIG_IGN);
    struct peri_signal *watcher = peri_signal_new(loop, numbers, NULL, note, &seen, NULL);
    raise(SIGHUP);
    peri_loop_run(loop, false);
    assert_int_equal(seen, 0);
    peri_signal_free(watcher);
    signal(SIGHUP, SIG_DFL);
    peri_loop_free(loop);
}

/* Runs signals against a child whose loop never turns; returns its exit code. */
static int exit_of_stuck_child(int first, int second)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct peri_loop *loop = peri_loop_new(NULL);
        int seen;
        if (peri_signal_new(loop, numbers, NULL, note, &seen, NULL) == NULL)
            _exit(1);
        raise(first);
        raise(second);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void a_second_interrupt_ends_the_process_at_once(void **state)
{
    (void)state;
    assert_int_equal(exit_of_stuck_child(SIGINT, SIGINT), PERI_SIGNAL_EXIT);
    assert_int_equal(exit_of_stuck_child(SIGTERM, SIGINT), PERI_SIGNAL_EXIT);
}

static void hangups_that_follow_do_not(void **state)
{
    (void)state;
    assert_int_equal(exit_of_stuck_child(SIGHUP, SIGHUP), 0);
    assert_int_equal(exit_of_stuck_child(SIGINT, SIGTERM), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_is_told_in_the_handler_and_in_the_loop),
        cmocka_unit_test(a_signal_that_was_taken_in_the_handler_counts_for_nothing),
        cmocka_unit_test(freeing_gives_the_signals_back),
        cmocka_unit_test(a_hangup_that_was_ignored_stays_ignored),
        cmocka_unit_test(a_second_interrupt_ends_the_process_at_once),
        cmocka_unit_test(hangups_that_follow_do_not),
    };
    return cmocka_run_group_tests_name("loop/signal", tests, NULL, NULL);
}
