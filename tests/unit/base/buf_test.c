/* Bytes that grow up to a ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/base/buf.h"

static void appends_and_keeps_a_nul_behind(void **state)
{
    (void)state;
    struct peri_buf b;
    struct peri_error err;
    peri_buf_init(&b, 1000);
    for (int i = 0; i < 100; i++)
        assert_true(peri_buf_puts(&b, "abc", &err));
    assert_int_equal(b.len, 300);
    assert_int_equal(b.data[300], '\0');
    peri_buf_deinit(&b);
    assert_null(b.data);
}

static void refuses_to_pass_its_ceiling_and_stays_as_it_was(void **state)
{
    (void)state;
    struct peri_buf b;
    struct peri_error err;
    peri_buf_init(&b, 4);
    assert_true(peri_buf_add(&b, "1234", 4, &err));
    assert_false(peri_buf_add(&b, "5", 1, &err));
    assert_int_equal(err.code, PERI_E_LIMIT);
    assert_string_equal(b.data, "1234");
    assert_false(peri_buf_add(&b, "", SIZE_MAX, &err));
    peri_buf_deinit(&b);
}

static void take_passes_the_bytes_and_empties(void **state)
{
    (void)state;
    struct peri_buf b;
    struct peri_error err;
    size_t len = 0;
    peri_buf_init(&b, 100);
    assert_true(peri_buf_puts(&b, "kept", &err));
    char *data = peri_buf_take(&b, &len);
    assert_int_equal(len, 4);
    assert_string_equal(data, "kept");
    assert_null(b.data);
    peri_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_and_keeps_a_nul_behind),
        cmocka_unit_test(refuses_to_pass_its_ceiling_and_stays_as_it_was),
        cmocka_unit_test(take_passes_the_bytes_and_empties),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
