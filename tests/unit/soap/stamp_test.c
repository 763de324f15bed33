/* Points in time, as text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/soap/stamp.h"

static void check(const char *text, int64_t time_us, const char *written)
{
    int64_t read = 0;
    char out[PERI_STAMP_SIZE];
    assert_true(peri_stamp_read(peri_str_of(text), &read));
    assert_true(read == time_us);
    assert_int_equal(peri_stamp_write(read, out), strlen(written));
    assert_string_equal(out, written);
}

static void times_are_read_as_utc(void **state)
{
    (void)state;
    check("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z");
    check("1970-01-01T01:00:00.5+01:00", 500000, "1970-01-01T00:00:00.500000Z");
    check("1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z");
    check("2000-02-29T12:00:00-00:30", 951827400000000, "2000-02-29T12:30:00Z");
    check("0001-01-01T00:00:00Z", -62135596800000000, "0001-01-01T00:00:00Z");
    check("9999-12-31T23:59:59.1234567891Z", 253402300799123456, "9999-12-31T23:59:59.123456Z");
    check("2024-12-31T24:00:00", 1735689600000000, "2025-01-01T00:00:00Z");
}

static void every_day_of_four_centuries_comes_back(void **state)
{
    (void)state;
    for (int64_t day = -146097; day <= 146097; day++) {
        char text[PERI_STAMP_SIZE];
        int64_t read = 0, time_us = day * 86400 * 1000000;
        size_t len = peri_stamp_write(time_us, text);
        assert_true(peri_stamp_read((struct peri_str){text, len}, &read));
        assert_true(read == time_us);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "2024",
                                        "2024-01-01",
                                        "2024-01-01 00:00:00Z",
                                        "2024-13-01T00:00:00Z",
                                        "2023-02-29T00:00:00Z",
                                        "2024-01-01T25:00:00Z",
                                        "2024-01-01T00:60:00Z",
                                        "2024-01-01T00:00:00.Z",
                                        "2024-01-01T00:00:00z",
                                        "2024-01-01T00:00:00+1:00",
                                        "2024-01-01T00:00:00+01:00Z"};
    int64_t read = 7;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(peri_stamp_read(peri_str_of(wrong[i]), &read));
    assert_true(read == 7);
}

static void years_past_four_digits_are_not_written(void **state)
{
    (void)state;
    char text[PERI_STAMP_SIZE];
    assert_int_equal(peri_stamp_write(INT64_MAX, text), 0);
    assert_int_equal(peri_stamp_write(INT64_MIN, text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_as_utc),
        cmocka_unit_test(every_day_of_four_centuries_comes_back),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(years_past_four_digits_are_not_written),
    };
    return cmocka_run_group_tests_name("soap/stamp", tests, NULL, NULL);
}
