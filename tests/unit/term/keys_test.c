/* Keys are characters, and pasted texts are one piece, however the bytes come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "runtime/term/keys.h"
#include "runtime/term/wide.h"

struct fixture {
    struct peri_keys keys;
    int ends[2];
};

static int begin(void **state)
{
    static struct fixture fixture;
    peri_keys_init(&fixture.keys);
    *state = &fixture;
    return pipe(fixture.ends);
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    peri_keys_deinit(&fixture->keys);
    close(fixture->ends[0]);
    return 0;
}

static void type(struct fixture *fixture, const char *bytes)
{
    assert_int_equal(write(fixture->ends[1], bytes, strlen(bytes)), strlen(bytes));
    peri_keys_read(&fixture->keys, fixture->ends[0]);
}

static enum peri_keys_kind take(struct fixture *fixture, bool is_late, wchar_t *c)
{
    wchar_t *text = NULL;
    size_t count;
    enum peri_keys_kind kind = peri_keys_take(&fixture->keys, is_late, c, &text, &count);
    peri_free(text);
    return kind;
}

static void a_character_may_come_in_pieces(void **state)
{
    struct fixture *fixture = *state;
    wchar_t c;
    type(fixture, "\xe6\x97");
    assert_int_equal(take(fixture, false, &c), PERI_KEYS_NONE);
    type(fixture, "\xa5x");
    assert_int_equal(take(fixture, false, &c), PERI_KEYS_CHAR);
    assert_int_equal(c, 0x65e5);
    assert_int_equal(take(fixture, false, &c), PERI_KEYS_CHAR);
    assert_int_equal(c, 'x');
}

static void what_no_keyboard_has_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    wchar_t c;
    type(fixture, "\xff\xc2\x80");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(take(fixture, false, &c), PERI_KEYS_CHAR);
        assert_int_equal(c, PERI_WIDE_UNKNOWN);
    }
}

static void a_pasted_text_is_one_piece_with_plain_newlines(void **state)
{
    struct fixture *fixture = *state;
    wchar_t c, *text = NULL;
    size_t count;
    type(fixture, "\033[20");
    assert_int_equal(take(fixture, false, &c), PERI_KEYS_MAYBE);
    type(fixture, "0~one\r\ntwo\rthr\003ee\033[20");
    assert_int_equal(take(fixture, false, &c), PERI_KEYS_NONE);
    type(fixture, "1~x");
    assert_int_equal(peri_keys_take(&fixture->keys, false, &c, &text, &count), PERI_KEYS_PASTE);
    assert_int_equal(wcscmp(text, L"one\ntwo\nthree"), 0);
    assert_int_equal(count, 13);
    peri_free(text);
    assert_int_equal(take(fixture, false, &c), PERI_KEYS_CHAR);
    assert_int_equal(c, 'x');
}

static void an_escape_that_nothing_follows_is_a_key(void **state)
{
    struct fixture *fixture = *state;
    wchar_t c;
    type(fixture, "\033");
    assert_int_equal(take(fixture, false, &c), PERI_KEYS_MAYBE);
    assert_int_equal(take(fixture, true, &c), PERI_KEYS_CHAR);
    assert_int_equal(c, 27);
}

static void the_end_of_the_terminal_is_seen(void **state)
{
    struct fixture *fixture = *state;
    close(fixture->ends[1]);
    peri_keys_read(&fixture->keys, fixture->ends[0]);
    assert_true(fixture->keys.has_ended);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(a_character_may_come_in_pieces),
        TEST(what_no_keyboard_has_is_unknown),
        TEST(a_pasted_text_is_one_piece_with_plain_newlines),
        TEST(an_escape_that_nothing_follows_is_a_key),
        TEST(the_end_of_the_terminal_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
