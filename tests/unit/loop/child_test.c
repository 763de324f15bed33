/* Children are fed and heard, wait while nobody listens, and are gone when they are freed. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/buf.h"
#include "runtime/loop/child.h"

struct run {
    struct peri_loop *loop;
    struct peri_child *child;
    unsigned told;
    struct peri_buf heard[PERI_CHILD_STREAMS];
};

static void tell(void *arg)
{
    struct run *run = arg;
    run->told++;
}

static int set_up(void **state)
{
    static struct run run;
    run = (struct run){.loop = peri_loop_new(NULL)};
    for (int i = 0; i < PERI_CHILD_STREAMS; i++)
        peri_buf_init(&run.heard[i], 16 << 20);
    *state = &run;
    return 0;
}

static int tear_down(void **state)
{
    struct run *run = *state;
    peri_child_free(run->child);
    peri_loop_free(run->loop);
    for (int i = 0; i < PERI_CHILD_STREAMS; i++)
        peri_buf_deinit(&run->heard[i]);
    return 0;
}

static void start(struct run *run, const char *script, const char *input, bool has_records)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct peri_child_settings settings = {.argv = argv, .has_records = has_records};
    if (input != NULL)
        settings.input = peri_str_of(input);
    run->child = peri_child_new(run->loop, &settings, tell, run, NULL);
    assert_non_null(run->child);
}

static void listen_once(struct run *run)
{
    for (int i = 0; i < PERI_CHILD_STREAMS; i++) {
        struct peri_str some = peri_child_unread(run->child, i);
        assert_true(some.len <= PERI_CHILD_UNREAD);
        assert_true(peri_buf_add(&run->heard[i], some.data, some.len, NULL));
        peri_child_consume(run->child, i);
    }
}

/* Listens until all has ended; its code, or minus the number of its signal. */
static int finish(struct run *run)
{
    int code, number;
    bool is_alive = true; /* a stream that waits to be listened to keeps no loop alive */
    while (is_alive || !peri_child_is_silent(run->child)) {
        listen_once(run);
        is_alive = peri_loop_run(run->loop, true);
    }
    assert_true(peri_child_result(run->child, &code, &number));
    return number == 0 ? code : -number;
}

static void heard(const struct run *run, enum peri_child_stream stream, const char *text)
{
    assert_string_equal(run->heard[stream].len == 0 ? "" : run->heard[stream].data, text);
}

static void is_fed_and_heard_on_each_stream(void **state)
{
    struct run *run = *state;
    start(run, "cat; echo bad >&2; echo record >&3; exit 3", "input", true);
    assert_int_equal(finish(run), 3);
    heard(run, PERI_CHILD_STDOUT, "input");
    heard(run, PERI_CHILD_STDERR, "bad\n");
    heard(run, PERI_CHILD_RECORDS, "record\n");
    assert_true(run->told > 0);
    assert_false(peri_child_kill(run->child, SIGTERM));
}

static void without_input_it_reads_none_and_without_records_has_none(void **state)
{
    struct run *run = *state;
    start(run, "cat; echo x 2>/dev/null >&3 || echo none", NULL, false);
    assert_int_equal(finish(run), 0);
    heard(run, PERI_CHILD_STDOUT, "none\n");
}

static void waits_while_nobody_listens(void **state)
{
    struct run *run = *state;
    start(run, "head -c 3000000 /dev/zero", NULL, false);
    while (peri_child_unread(run->child, PERI_CHILD_STDOUT).len < PERI_CHILD_UNREAD)
        peri_loop_run(run->loop, true);
    for (int i = 0; i < 10; i++)
        peri_loop_run(run->loop, false);
    assert_int_equal(peri_child_unread(run->child, PERI_CHILD_STDOUT).len, PERI_CHILD_UNREAD);
    assert_int_equal(finish(run), 0);
    assert_int_equal(run->heard[PERI_CHILD_STDOUT].len, 3000000);
}

static void one_that_does_not_read_its_input_harms_nobody(void **state)
{
    static char input[1 << 20];
    struct run *run = *state;
    memset(input, 'x', sizeof(input) - 1);
    start(run, "exit 4", input, false);
    assert_int_equal(finish(run), 4);
}

static void a_signal_reaches_it_and_what_it_started(void **state)
{
    struct run *run = *state;
    start(run, "sleep 61 & echo ready; wait", NULL, false);
    while (peri_child_unread(run->child, PERI_CHILD_STDOUT).len == 0)
        peri_loop_run(run->loop, true);
    assert_true(peri_child_kill(run->child, SIGTERM));
    assert_int_equal(finish(run), -SIGTERM); /* the sleep would hold its stdout open */
}

static void a_freed_one_is_dead_and_reaped_and_silent(void **state)
{
    struct run *run = *state;
    start(run, "echo ready; sleep 61", NULL, false);
    while (peri_child_unread(run->child, PERI_CHILD_STDOUT).len == 0)
        peri_loop_run(run->loop, true);
    int pid = peri_child_pid(run->child);
    unsigned told = run->told;
    assert_int_equal(kill(pid, 0), 0);
    peri_child_free(run->child);
    run->child = NULL;
    while (peri_loop_run(run->loop, true))
        ;
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    assert_int_equal(run->told, told);
    peri_child_free(NULL);
}

static void one_that_cannot_be_started_is_an_error(void **state)
{
    struct run *run = *state;
    const char *argv[] = {"/no/such/program", NULL};
    struct peri_error err;
    assert_null(
        peri_child_new(run->loop, &(struct peri_child_settings){.argv = argv}, tell, run, &err));
    assert_int_equal(err.code, PERI_E_IO);
    assert_non_null(strstr(err.message, "/no/such/program"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(is_fed_and_heard_on_each_stream, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_input_it_reads_none_and_without_records_has_none,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_while_nobody_listens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(one_that_does_not_read_its_input_harms_nobody, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_signal_reaches_it_and_what_it_started, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_freed_one_is_dead_and_reaped_and_silent, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(one_that_cannot_be_started_is_an_error, set_up, tear_down),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests_name("loop/child", tests, NULL, NULL);
}
