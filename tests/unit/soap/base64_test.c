/* Bytes as text and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/soap/base64.h"

static void check(const char *bytes, const char *text)
{
    struct peri_buf out;
    peri_buf_init(&out, 100);
    assert_true(peri_base64_encode(peri_str_of(bytes), &out, NULL));
    assert_string_equal(out.data == NULL ? "" : out.data, text);
    peri_buf_clear(&out);
    assert_true(peri_base64_decode(peri_str_of(text), &out, NULL));
    assert_string_equal(out.data == NULL ? "" : out.data, bytes);
    peri_buf_deinit(&out);
}

static void the_published_vectors_hold(void **state)
{
    (void)state;
    check("", "");
    check("f", "Zg==");
    check("fo", "Zm8=");
    check("foo", "Zm9v");
    check("foobar", "Zm9vYmFy");
    check("\xfb\xff\xfe", "+//+");
}

static bool decodes(const char *text, const char *bytes)
{
    struct peri_buf out;
    struct peri_error err = {0};
    peri_buf_init(&out, 6);
    bool is_good = peri_base64_decode(peri_str_of(text), &out, &err);
    if (is_good)
        assert_string_equal(out.data, bytes);
    else
        assert_int_not_equal(err.code, PERI_E_NONE);
    peri_buf_deinit(&out);
    return is_good;
}

static void blanks_are_free_and_nothing_else(void **state)
{
    (void)state;
    assert_true(decodes(" Zm9v\r\n\tYmFy ", "foobar"));
    static const char *const wrong[] = {
        "Zg=", "Zg", "Z===", "Zg==Zg==", "Zm9v-", "Z=g=", "====", "Zm9v*"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        assert_false(decodes(wrong[i], ""));
}

static void the_ceiling_of_the_buffer_holds(void **state)
{
    (void)state;
    assert_false(decodes("Zm9vYmFyZm9v", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vectors_hold),
        cmocka_unit_test(blanks_are_free_and_nothing_else),
        cmocka_unit_test(the_ceiling_of_the_buffer_holds),
    };
    return cmocka_run_group_tests_name("soap/base64", tests, NULL, NULL);
}
