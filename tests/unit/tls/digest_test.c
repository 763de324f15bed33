/* Digests and random identifiers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/tls/digest.h"

static void gives_the_digests_of_the_standards(void **state)
{
    (void)state;
    unsigned char digest[PERI_DIGEST_MAX];
    char hex[2 * PERI_DIGEST_MAX + 1];
    assert_true(peri_digest_of("abc", 3, digest, PERI_DIGEST_SHA256, NULL));
    peri_digest_hex(digest, PERI_DIGEST_SHA256, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(peri_digest_of("", 0, digest, PERI_DIGEST_SHA1, NULL));
    peri_digest_hex(digest, PERI_DIGEST_SHA1, hex);
    assert_string_equal(hex, "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

static void random_bytes_differ(void **state)
{
    (void)state;
    unsigned char a[32] = {0}, b[32] = {0};
    assert_true(peri_digest_random(a, sizeof(a), NULL));
    assert_true(peri_digest_random(b, sizeof(b), NULL));
    assert_memory_not_equal(a, b, sizeof(a));
}

static void a_uuid_has_its_form(void **state)
{
    (void)state;
    char uuid[PERI_DIGEST_UUID_SIZE], other[PERI_DIGEST_UUID_SIZE];
    for (int i = 0; i < 100; i++) {
        assert_true(peri_digest_uuid(uuid, NULL));
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
        assert_int_equal(uuid[8], '-');
        assert_int_equal(uuid[13], '-');
        assert_int_equal(uuid[14], '4');
        assert_int_equal(uuid[18], '-');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_int_equal(uuid[23], '-');
        assert_true(peri_digest_uuid(other, NULL));
        assert_string_not_equal(uuid, other);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_digests_of_the_standards),
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(a_uuid_has_its_form),
    };
    return cmocka_run_group_tests_name("tls/digest", tests, NULL, NULL);
}
