/* The nearest name to a misspelt one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/str.h"

static size_t distance(const char *a, const char *b)
{
    return peri_str_distance(peri_str_of(a), peri_str_of(b), 3);
}

static void distance_counts_edits_and_swaps(void **state)
{
    (void)state;
    assert_int_equal(distance("memory", "memory"), 0);
    assert_int_equal(distance("memry", "memory"), 1);
    assert_int_equal(distance("mmeory", "memory"), 1);
    assert_int_equal(distance("cpu", "cpus"), 1);
    assert_int_equal(distance("numCPU", "numCpu"), 0);
}

static void distance_stops_at_the_limit(void **state)
{
    (void)state;
    assert_int_equal(distance("annotation", "cpus"), 4);
    char longer[200];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[199] = 0;
    assert_int_equal(distance(longer, "a"), 4);
}

static void short_names_tolerate_fewer_edits(void **state)
{
    (void)state;
    assert_int_equal(peri_str_tolerance(2), 1);
    assert_int_equal(peri_str_tolerance(6), 2);
    assert_int_equal(peri_str_tolerance(40), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_edits_and_swaps),
        cmocka_unit_test(distance_stops_at_the_limit),
        cmocka_unit_test(short_names_tolerate_fewer_edits),
    };
    return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
