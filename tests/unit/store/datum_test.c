/* Values come out of their packing as they went in, in their order, and up to a ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/store/datum.h"

static void values_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct peri_buf buf;
    const struct peri_datum values[] = {
        {.kind = PERI_DATUM_INTEGER, .integer = INT64_MIN},
        {.kind = PERI_DATUM_NULL},
        {.kind = PERI_DATUM_FLOAT, .number = -0.1},
        {.kind = PERI_DATUM_TEXT, .bytes = {"a\0b", 3}},
        {.kind = PERI_DATUM_BLOB, .bytes = {"", 0}},
        {.kind = PERI_DATUM_BLOB, .bytes = {"\xff", 1}},
    };
    size_t count = sizeof(values) / sizeof(*values);
    peri_buf_init(&buf, 1000);
    for (size_t i = 0; i < count; i++)
        assert_true(peri_datum_put(&buf, &values[i], NULL));
    struct peri_str packed = {buf.data, buf.len};
    for (size_t i = 0; i < count; i++) {
        struct peri_datum datum = peri_datum_take(&packed);
        assert_int_equal(datum.kind, values[i].kind);
        assert_true(datum.integer == values[i].integer);
        assert_memory_equal(&datum.number, &values[i].number, sizeof(datum.number));
        assert_true(peri_str_equal(datum.bytes, values[i].bytes));
    }
    assert_int_equal(packed.len, 0);
    peri_buf_deinit(&buf);
}

static void an_integer_can_be_replaced_among_others(void **state)
{
    (void)state;
    struct peri_buf buf;
    peri_buf_init(&buf, 1000);
    for (int64_t i = 0; i < 3; i++)
        assert_true(peri_datum_put_integer(&buf, i, NULL));
    peri_datum_set_integer(&buf, buf.len / 3, INT64_MAX);
    struct peri_str packed = {buf.data, buf.len};
    static const int64_t wanted[] = {0, INT64_MAX, 2};
    for (size_t i = 0; i < 3; i++) {
        struct peri_datum datum = peri_datum_take(&packed);
        assert_int_equal(datum.kind, PERI_DATUM_INTEGER);
        assert_true(datum.integer == wanted[i]);
    }
    peri_buf_deinit(&buf);
}

static void what_is_too_large_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    struct peri_buf buf;
    struct peri_error err = {0};
    struct peri_datum datum = {.kind = PERI_DATUM_TEXT, .bytes = {"x", SIZE_MAX}};
    peri_buf_init(&buf, 20);
    assert_false(peri_datum_put(&buf, &datum, &err));
    assert_int_equal(err.code, PERI_E_LIMIT);
    datum.bytes.len = 20;
    assert_false(peri_datum_put(&buf, &datum, &err));
    assert_int_equal(buf.len, 0);
    assert_true(peri_datum_put_integer(&buf, 7, &err));
    assert_false(peri_datum_put_text(&buf, peri_str_of("0123456"), &err));
    assert_int_equal(buf.len, 9);
    peri_buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_out_as_they_went_in),
        cmocka_unit_test(an_integer_can_be_replaced_among_others),
        cmocka_unit_test(what_is_too_large_is_refused_and_leaves_nothing),
    };
    return cmocka_run_group_tests_name("store/datum", tests, NULL, NULL);
}
