/* Polls tell when a descriptor is ready, and leave it alone otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "runtime/loop/poll.h"

struct ends {
    struct peri_loop *loop;
    int ours, theirs; /* two ends of a socket */
    struct peri_poll *poll;
    unsigned seen; /* events of all calls */
    int calls;
};

static void note(void *arg, unsigned events)
{
    struct ends *ends = arg;
    ends->seen |= events;
    ends->calls++;
}

static void note_and_free(void *arg, unsigned events)
{
    struct ends *ends = arg;
    note(arg, events);
    peri_poll_free(ends->poll);
    ends->poll = NULL;
}

static struct ends ends;

static int set_up(void **state)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
        return -1;
    ends = (struct ends){.loop = peri_loop_new(NULL), .ours = fds[0], .theirs = fds[1]};
    ends.poll = peri_poll_new(ends.loop, ends.ours, note, &ends, NULL);
    *state = &ends;
    return 0;
}

static int tear_down(void **state)
{
    struct ends *e = *state;
    peri_poll_free(e->poll);
    close(e->ours);
    close(e->theirs);
    peri_loop_free(e->loop);
    return 0;
}

static void a_poll_tells_what_was_asked_for(void **state)
{
    struct ends *e = *state;
    peri_poll_set(e->poll, PERI_POLL_OUT);
    peri_loop_run(e->loop, true);
    assert_int_equal(e->seen, PERI_POLL_OUT);
    assert_int_equal(write(e->theirs, "x", 1), 1);
    peri_poll_set(e->poll, PERI_POLL_IN);
    e->seen = 0;
    peri_loop_run(e->loop, true);
    assert_int_equal(e->seen, PERI_POLL_IN);
}

static void an_end_of_file_is_readable(void **state)
{
    struct ends *e = *state;
    peri_poll_set(e->poll, PERI_POLL_IN);
    shutdown(e->theirs, SHUT_RDWR);
    peri_loop_run(e->loop, true);
    assert_true(e->seen & PERI_POLL_IN);
}

static void a_disarmed_poll_is_silent(void **state)
{
    struct ends *e = *state;
    peri_poll_set(e->poll, PERI_POLL_OUT);
    peri_poll_set(e->poll, 0);
    assert_false(peri_loop_run(e->loop, true));
    assert_int_equal(e->calls, 0);
}

static void a_poll_in_the_background_is_no_reason_to_wait(void **state)
{
    struct ends *e = *state;
    peri_poll_set(e->poll, PERI_POLL_IN);
    peri_poll_background(e->poll, true);
    assert_false(peri_loop_run(e->loop, true));
    assert_int_equal(write(e->theirs, "x", 1), 1);
    peri_poll_background(e->poll, false);
    assert_true(peri_loop_run(e->loop, true));
    assert_int_equal(e->calls, 1);
}

static void a_poll_may_be_freed_in_its_callback(void **state)
{
    struct ends *e = *state;
    peri_poll_free(e->poll);
    e->poll = peri_poll_new(e->loop, e->ours, note_and_free, e, NULL);
    peri_poll_set(e->poll, PERI_POLL_OUT);
    while (peri_loop_run(e->loop, true))
        ;
    assert_int_equal(e->calls, 1);
}

static void a_descriptor_can_be_polled_again_right_after_it_was_closed(void **state)
{
    struct ends *e = *state;
    peri_poll_set(e->poll, PERI_POLL_OUT);
    peri_poll_free(e->poll);
    close(e->ours);
    e->ours = dup(e->theirs);
    e->poll = peri_poll_new(e->loop, e->ours, note, e, NULL);
    assert_non_null(e->poll);
    peri_poll_set(e->poll, PERI_POLL_IN);
    assert_true(peri_loop_run(e->loop, true));
    assert_int_equal(e->seen, PERI_POLL_IN); /* the other end is gone */
}

static void polling_leaves_the_flags_of_the_descriptor(void **state)
{
    struct ends *e = *state;
    assert_false(fcntl(e->ours, F_GETFL) & O_NONBLOCK);
}

static void a_regular_file_cannot_be_polled(void **state)
{
    struct ends *e = *state;
    struct peri_error err = {0};
    int fd = open("/proc/self/exe", O_RDONLY);
    assert_null(peri_poll_new(e->loop, fd, note, e, &err));
    assert_int_equal(err.code, PERI_E_IO);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_poll_tells_what_was_asked_for),
        TEST(an_end_of_file_is_readable),
        TEST(a_disarmed_poll_is_silent),
        TEST(a_poll_in_the_background_is_no_reason_to_wait),
        TEST(a_poll_may_be_freed_in_its_callback),
        TEST(a_descriptor_can_be_polled_again_right_after_it_was_closed),
        TEST(polling_leaves_the_flags_of_the_descriptor),
        TEST(a_regular_file_cannot_be_polled),
    };
    return cmocka_run_group_tests_name("loop/poll", tests, NULL, NULL);
}
