/* The texts of booleans and numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/soap/scalar.h"

static void integers_are_read_to_the_last_bit(void **state)
{
    (void)state;
    int64_t value = 0;
    assert_true(peri_scalar_read_integer(peri_str_of(" -9223372036854775808\n"), &value));
    assert_true(value == INT64_MIN);
    assert_true(peri_scalar_read_integer(peri_str_of("+9223372036854775807"), &value));
    assert_true(value == INT64_MAX);
    static const char *const wrong[] = {"",    "-",
                                        "+",   "1.0",
                                        "0x1", "9223372036854775808",
                                        "1 2", "1a",
                                        "--1", "-9223372036854775809"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(peri_scalar_read_integer(peri_str_of(wrong[i]), &value));
}

static void booleans_are_words_or_digits(void **state)
{
    (void)state;
    bool value = false;
    assert_true(peri_scalar_read_boolean(peri_str_of("true"), &value) && value);
    assert_true(peri_scalar_read_boolean(peri_str_of("0"), &value) && !value);
    assert_true(peri_scalar_read_boolean(peri_str_of(" 1 "), &value) && value);
    assert_false(peri_scalar_read_boolean(peri_str_of("TRUE"), &value));
    assert_false(peri_scalar_read_boolean(peri_str_of(""), &value));
}

static void numbers_are_those_of_xml_schema(void **state)
{
    (void)state;
    double value = 0;
    assert_true(peri_scalar_read_number(peri_str_of("-1.5e3"), &value) && value == -1500);
    assert_true(peri_scalar_read_number(peri_str_of("INF"), &value) && isinf(value));
    assert_true(peri_scalar_read_number(peri_str_of("NaN"), &value) && isnan(value));
    static const char *const wrong[] = {"", "inf", "nan", "0x10", "1,5", "1e", "e5", "1.5.5"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(peri_scalar_read_number(peri_str_of(wrong[i]), &value));
}

static void numbers_are_written_as_short_as_they_read_back(void **state)
{
    (void)state;
    char text[PERI_SCALAR_NUMBER_SIZE];
    static const struct {
        double value;
        bool is_single;
        const char *text;
    } cases[] = {{0.1, false, "0.1"},
                 {0.1F, true, "0.1"},
                 {1.0 / 3, false, "0.3333333333333333"},
                 {1.0F / 3, true, "0.33333334"},
                 {1e300, false, "1e+300"},
                 {-0.0, false, "-0"},
                 {(double)INFINITY, false, "INF"},
                 {-(double)INFINITY, true, "-INF"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        peri_scalar_write_number(cases[i].value, cases[i].is_single, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void integers_are_written_to_the_last_bit(void **state)
{
    (void)state;
    char text[PERI_SCALAR_NUMBER_SIZE];
    assert_int_equal(peri_scalar_write_integer(INT64_MIN, text), 20);
    assert_string_equal(text, "-9223372036854775808");
    peri_scalar_write_integer(0, text);
    assert_string_equal(text, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_read_to_the_last_bit),
        cmocka_unit_test(booleans_are_words_or_digits),
        cmocka_unit_test(numbers_are_those_of_xml_schema),
        cmocka_unit_test(numbers_are_written_as_short_as_they_read_back),
        cmocka_unit_test(integers_are_written_to_the_last_bit),
    };
    return cmocka_run_group_tests_name("soap/scalar", tests, NULL, NULL);
}
