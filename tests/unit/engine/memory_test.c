#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/engine/memory.h"

enum { LIMIT = 1 << 20 };

static int setup(void **state)
{
    *state = peri_memory_new(LIMIT);
    return 0;
}

static int teardown(void **state)
{
    peri_memory_free(*state);
    return 0;
}

static void hands_out_blocks_that_are_aligned_and_do_not_overlap(void **state)
{
    enum { COUNT = 600 };
    unsigned char *blocks[COUNT + 1];
    for (size_t size = 1; size <= COUNT; size++) {
        blocks[size] = peri_memory_allocate(*state, NULL, 5, size);
        assert_non_null(blocks[size]);
        assert_int_equal((uintptr_t)blocks[size] % 8, 0);
        memset(blocks[size], (int)(size & 0xFF), size);
    }
    for (size_t size = 1; size <= COUNT; size++)
        for (size_t i = 0; i < size; i++)
            assert_int_equal(blocks[size][i], size & 0xFF);
    for (size_t size = 1; size <= COUNT; size++)
        peri_memory_allocate(*state, blocks[size], size, 0);
    assert_int_equal(peri_memory_used(*state), 0);
}

static void keeps_the_content_when_a_block_grows_and_shrinks(void **state)
{
    static const size_t sizes[] = {3, 16, 17, 500, 512, 513, 5000, 513, 512, 40, 3};
    char *block = peri_memory_allocate(*state, NULL, 0, 3);
    size_t size = 3;
    memcpy(block, "abc", 3);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        block = peri_memory_allocate(*state, block, size, sizes[i]);
        size = sizes[i];
        assert_memory_equal(block, "abc", 3);
        assert_int_equal(peri_memory_used(*state), size);
    }
    peri_memory_allocate(*state, block, size, 0);
}

static void hands_a_dropped_block_out_again(void **state)
{
    for (int i = 0; i < 100000; i++) {
        void *block = peri_memory_allocate(*state, NULL, 0, 100);
        peri_memory_allocate(*state, block, 100, 0);
    }
    assert_true(peri_memory_slabs(*state) <= 64 * 1024);
}

static void refuses_what_passes_the_limit_and_keeps_what_is_there(void **state)
{
    char *small = peri_memory_allocate(*state, NULL, 0, 100);
    small[99] = 'x';
    assert_null(peri_memory_allocate(*state, NULL, 0, LIMIT - 99));
    assert_null(peri_memory_allocate(*state, small, 100, LIMIT + 1));
    assert_null(peri_memory_allocate(*state, small, 100, SIZE_MAX));
    assert_int_equal(small[99], 'x');
    assert_int_equal(peri_memory_used(*state), 100);
    void *rest = peri_memory_allocate(*state, NULL, 0, LIMIT - 100);
    assert_non_null(rest);
    assert_null(peri_memory_allocate(*state, NULL, 0, 1));
    peri_memory_allocate(*state, rest, LIMIT - 100, 0);
    void *last = peri_memory_allocate(*state, NULL, 0, 1);
    assert_non_null(last);
    peri_memory_allocate(*state, last, 1, 0);
    peri_memory_allocate(*state, small, 100, 0);
}

static void grows_less_between_collections_when_it_is_large(void **state)
{
    assert_int_equal(peri_memory_pause(*state), 400);
    void *block = peri_memory_allocate(*state, NULL, 0, LIMIT / 2);
    assert_int_equal(peri_memory_pause(*state), 150);
    peri_memory_allocate(*state, block, LIMIT / 2, 0);
    assert_int_equal(peri_memory_pause(*state), 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hands_out_blocks_that_are_aligned_and_do_not_overlap, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keeps_the_content_when_a_block_grows_and_shrinks, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hands_a_dropped_block_out_again, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_passes_the_limit_and_keeps_what_is_there,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(grows_less_between_collections_when_it_is_large, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
