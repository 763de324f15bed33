/* Libraries that are loaded when they are first used. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/library.h"

static const char FILE_NAME[] = "libz.so.1";

static void gives_the_functions_in_the_order_of_their_names(void **state)
{
    (void)state;
    static const char *const names[] = {"zlibVersion", "crc32"};
    struct {
        const char *(*version)(void);
        unsigned long (*crc32)(unsigned long, const unsigned char *, unsigned);
    } zlib = {0};
    struct peri_error err;
    assert_true(peri_library_load(FILE_NAME, names, 2, &zlib, &err));
    assert_int_equal(zlib.version()[0], '1');
    assert_int_equal(zlib.crc32(0, (const unsigned char *)"123456789", 9), 0xcbf43926);
}

static void names_the_library_that_is_not_there(void **state)
{
    (void)state;
    static const char *const names[] = {"f"};
    void (*f)(void) = NULL;
    struct peri_error err = {0};
    assert_false(peri_library_load("libnobody.so.0", names, 1, &f, &err));
    assert_int_equal(err.code, PERI_E_IO);
    assert_string_equal(err.message, "cannot load libnobody.so.0, which is needed here");
    assert_non_null(strstr(err.detail, "No such file"));
    assert_null(f);
}

static void names_the_function_that_a_library_lacks(void **state)
{
    (void)state;
    static const char *const names[] = {"zlibVersion", "zlibNothing"};
    void (*functions[2])(void) = {NULL, NULL};
    struct peri_error err = {0};
    assert_false(peri_library_load(FILE_NAME, names, 2, functions, &err));
    assert_int_equal(err.code, PERI_E_IO);
    assert_non_null(strstr(err.detail, "zlibNothing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_functions_in_the_order_of_their_names),
        cmocka_unit_test(names_the_library_that_is_not_there),
        cmocka_unit_test(names_the_function_that_a_library_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
