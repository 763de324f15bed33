/* News of other threads reach the loop, which waits for them when it is told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "runtime/loop/notice.h"

struct news {
    struct peri_loop *loop;
    struct peri_notice *notice;
    int calls;
};

static struct news news;

static void note(void *arg)
{
    struct news *n = arg;
    n->calls++;
}

static void note_and_free(void *arg)
{
    struct news *n = arg;
    n->calls++;
    peri_notice_free(n->notice);
    n->notice = NULL;
}

static void *send_many(void *arg)
{
    for (int i = 0; i < 100; i++)
        peri_notice_send(arg);
    return NULL;
}

static void start(peri_notice_cb cb)
{
    news = (struct news){.loop = peri_loop_new(NULL)};
    news.notice = peri_notice_new(news.loop, cb, &news, NULL);
    assert_non_null(news.notice);
}

static int end(void **state)
{
    (void)state;
    peri_notice_free(news.notice);
    peri_loop_free(news.loop);
    return 0;
}

static void a_notice_in_the_background_is_no_reason_to_wait(void **state)
{
    (void)state;
    start(note);
    assert_false(peri_loop_run(news.loop, true));
    assert_int_equal(news.calls, 0);
}

static void a_notice_in_front_is_waited_for(void **state)
{
    (void)state;
    pthread_t thread;
    start(note);
    peri_notice_background(news.notice, false);
    assert_int_equal(pthread_create(&thread, NULL, send_many, news.notice), 0);
    while (news.calls == 0)
        assert_true(peri_loop_run(news.loop, true));
    pthread_join(thread, NULL);
    peri_notice_background(news.notice, true);
    while (peri_loop_run(news.loop, true))
        continue;
}

static void what_was_sent_before_a_turn_is_one_call(void **state)
{
    (void)state;
    start(note);
    send_many(news.notice);
    peri_loop_run(news.loop, false);
    assert_int_equal(news.calls, 1);
    peri_loop_run(news.loop, false);
    assert_int_equal(news.calls, 1);
    peri_notice_send(news.notice);
    peri_loop_run(news.loop, false);
    assert_int_equal(news.calls, 2);
}

static void a_notice_may_be_freed_in_its_callback(void **state)
{
    (void)state;
    start(note_and_free);
    send_many(news.notice);
    peri_loop_run(news.loop, false);
    peri_loop_run(news.loop, false);
    assert_int_equal(news.calls, 1);
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_notice_in_the_background_is_no_reason_to_wait),
        TEST(a_notice_in_front_is_waited_for),
        TEST(what_was_sent_before_a_turn_is_one_call),
        TEST(a_notice_may_be_freed_in_its_callback),
    };
    return cmocka_run_group_tests_name("loop/notice", tests, NULL, NULL);
}
