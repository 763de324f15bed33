/* The place of a value inside another, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bindings/soap/path.h"

static void names_and_indices_are_written_as_lua_writes_them(void **state)
{
    (void)state;
    struct peri_path path = {0};
    char text[40];
    peri_path_write(&path, text, sizeof(text));
    assert_string_equal(text, "");
    assert_true(peri_path_push_name(&path, "spec"));
    assert_true(peri_path_push_name(&path, "deviceChange"));
    assert_true(peri_path_push_index(&path, 2));
    assert_true(peri_path_push_name(&path, "device"));
    peri_path_write(&path, text, sizeof(text));
    assert_string_equal(text, "spec.deviceChange[2].device");
    peri_path_pop(&path);
    peri_path_write(&path, text, sizeof(text));
    assert_string_equal(text, "spec.deviceChange[2]");
}

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    struct peri_path path = {0};
    char text[8];
    assert_true(peri_path_push_name(&path, "abcdef"));
    assert_true(peri_path_push_name(&path, "ghijkl"));
    assert_true(peri_path_push_index(&path, 1));
    peri_path_write(&path, text, sizeof(text));
    assert_string_equal(text, "abcdef.");
}

static void depth_has_a_ceiling(void **state)
{
    (void)state;
    struct peri_path path = {0};
    for (size_t i = 0; i < PERI_PATH_MAX; i++)
        assert_true(peri_path_push_index(&path, 1));
    assert_false(peri_path_push_index(&path, 1));
    assert_false(peri_path_push_name(&path, "a"));
    assert_int_equal(path.count, PERI_PATH_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_indices_are_written_as_lua_writes_them),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(depth_has_a_ceiling),
    };
    return cmocka_run_group_tests_name("soap/path", tests, NULL, NULL);
}
