/* The history comes back as it was typed, and is for its owner alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/limits.h"
#include "runtime/term/past.h"

static char path[] = "/tmp/perilune-past-XXXXXX";

static int begin(void **state)
{
    (void)state;
    memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    close(fd);
    return unlink(path);
}

static int end(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static mode_t mode_of(void)
{
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 0777;
}

static void texts_come_back_with_newlines_and_backslashes(void **state)
{
    (void)state;
    struct peri_buf b;
    peri_buf_init(&b, PERI_LIMIT_TERMINAL);
    assert_true(peri_past_load(path, &b, NULL)); /* no file yet */
    assert_int_equal(b.len, 0);
    assert_true(peri_past_add(path, "x = {\n 1 }", NULL));
    assert_true(peri_past_add(path, "'\\n\\'", NULL));
    assert_int_equal(mode_of(), 0600);
    assert_true(peri_past_load(path, &b, NULL));
    static const char wanted[] = "x = {\n 1 }\0'\\n\\'";
    assert_int_equal(b.len, sizeof(wanted));
    assert_memory_equal(b.data, wanted, sizeof(wanted));
    peri_buf_deinit(&b);
}

static void a_file_that_others_may_read_is_closed_to_them(void **state)
{
    (void)state;
    struct peri_buf b;
    peri_buf_init(&b, PERI_LIMIT_TERMINAL);
    assert_true(peri_past_add(path, "one", NULL));
    chmod(path, 0644);
    assert_true(peri_past_load(path, &b, NULL));
    assert_int_equal(mode_of(), 0600);
    peri_buf_deinit(&b);
}

static void a_file_that_grew_is_cut_to_its_newest_lines(void **state)
{
    (void)state;
    struct peri_buf b;
    FILE *file = fopen(path, "w");
    for (int i = 1; i <= 2 * PERI_LIMIT_HISTORY + 1; i++)
        fprintf(file, "line %d\n", i);
    fclose(file);
    for (int pass = 0; pass < 2; pass++) { /* from the long file, from the short one */
        peri_buf_init(&b, PERI_LIMIT_TERMINAL);
        assert_true(peri_past_load(path, &b, NULL));
        char first[32];
        snprintf(first, sizeof(first), "line %d", PERI_LIMIT_HISTORY + 2);
        assert_string_equal(b.data, first);
        peri_buf_deinit(&b);
    }
}

static void what_cannot_be_read_is_an_error(void **state)
{
    (void)state;
    struct peri_buf b;
    struct peri_error err = {0};
    peri_buf_init(&b, PERI_LIMIT_TERMINAL);
    assert_false(peri_past_load("/dev/null/history", &b, &err));
    assert_int_equal(err.code, PERI_E_IO);
    assert_false(peri_past_add("/dev/null/history", "x", &err));
    peri_buf_deinit(&b);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(texts_come_back_with_newlines_and_backslashes),
        TEST(a_file_that_others_may_read_is_closed_to_them),
        TEST(a_file_that_grew_is_cut_to_its_newest_lines),
        TEST(what_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
