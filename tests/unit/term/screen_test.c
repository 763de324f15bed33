/* How much room a text takes on a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/term/screen.h"

static size_t width(const char *text)
{
    return peri_screen_text_width(peri_str_of(text));
}

static void plain_text_takes_a_column_a_character(void **state)
{
    (void)state;
    assert_int_equal(width(""), 0);
    assert_int_equal(width("web-01"), 6);
    assert_int_equal(width("2 GiB → 4 GiB"), 13);
    assert_int_equal(width("✓ Größe"), 7);
}

static void wide_characters_take_two_and_combining_ones_none(void **state)
{
    (void)state;
    assert_int_equal(width("日本"), 4);
    assert_int_equal(width("e\xcc\x81"), 1);
    assert_int_equal(width("a\x1b"), 1);
}

static void bytes_that_are_no_utf8_take_a_column_each(void **state)
{
    (void)state;
    assert_int_equal(width("a\xff\xfe"), 3);
    assert_int_equal(width("\xe2\x86"), 2);
    assert_int_equal(width("\xc0\xaf"), 2);
    assert_int_equal(width("\xf4\x90\x80\x80"), 4);
}

static void what_was_written_can_be_read(void **state)
{
    (void)state;
    int ends[2];
    char bytes[8];
    struct peri_error err = {0};
    assert_int_equal(pipe(ends), 0);
    assert_false(peri_screen_is_ready(ends[0]));
    assert_true(peri_screen_write(ends[1], peri_str_of("plan\n"), &err));
    assert_true(peri_screen_is_ready(ends[0]));
    assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 5);
    close(ends[1]);
    assert_true(peri_screen_is_ready(ends[0]));
    close(ends[0]);
}

static void writing_where_nothing_is_open_is_an_error(void **state)
{
    (void)state;
    struct peri_error err = {0};
    assert_false(peri_screen_write(-1, peri_str_of("x"), &err));
    assert_int_equal(err.code, PERI_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_takes_a_column_a_character),
        cmocka_unit_test(wide_characters_take_two_and_combining_ones_none),
        cmocka_unit_test(bytes_that_are_no_utf8_take_a_column_each),
        cmocka_unit_test(what_was_written_can_be_read),
        cmocka_unit_test(writing_where_nothing_is_open_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
