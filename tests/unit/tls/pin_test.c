/* Thumbprints as people paste them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/tls/pin.h"

#define SHA1_COLONS "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D"
#define SHA256_PLAIN "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void reads_every_common_way_to_write_one(void **state)
{
    (void)state;
    static const char *const sha1[] = {
        SHA1_COLONS,
        "a9993e364706816aba3e25717850c26c9cd0d89d",
        "SHA-1 " SHA1_COLONS,
        "sha1:" SHA1_COLONS,
        "SHA1 Fingerprint=" SHA1_COLONS,
        "  a9 99 3e 36 47 06 81 6a ba 3e 25 71 78 50 c2 6c 9c d0 d8 9d\n",
        "a9-99-3e-36-47-06-81-6a-ba-3e-25-71-78-50-c2-6c-9c-d0-d8-9d",
    };
    struct peri_pin wanted, pin;
    assert_true(peri_pin_of("abc", 3, PERI_DIGEST_SHA1, &wanted, NULL));
    for (size_t i = 0; i < sizeof(sha1) / sizeof(sha1[0]); i++) {
        assert_true(peri_pin_parse(sha1[i], &pin, NULL));
        assert_true(peri_pin_equal(&pin, &wanted));
    }
    static const char *const sha256[] = {SHA256_PLAIN, "SHA256:" SHA256_PLAIN,
                                         "sha-256 " SHA256_PLAIN,
                                         "sha256 Fingerprint=" SHA256_PLAIN};
    assert_true(peri_pin_of("abc", 3, PERI_DIGEST_SHA256, &wanted, NULL));
    for (size_t i = 0; i < sizeof(sha256) / sizeof(sha256[0]); i++) {
        assert_true(peri_pin_parse(sha256[i], &pin, NULL));
        assert_true(peri_pin_equal(&pin, &wanted));
    }
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "SHA-256",
        "12:34",
        SHA256_PLAIN "00",
        SHA256_PLAIN "0",
        "SHA-1 " SHA256_PLAIN,
        "SHA-256 " SHA1_COLONS,
        "thumbprint",
        "a9993e364706816aba3e25717850c26c9cd0d89",
        "g9993e364706816aba3e25717850c26c9cd0d89d",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct peri_pin pin = {.len = 7};
        struct peri_error err;
        assert_false(peri_pin_parse(wrong[i], &pin, &err));
        assert_int_equal(err.code, PERI_E_TLS_SETUP);
        assert_int_equal(pin.len, 7);
    }
}

static void a_pin_of_one_kind_is_none_of_the_other(void **state)
{
    (void)state;
    struct peri_pin a = {.len = PERI_DIGEST_SHA1}, b = {.len = PERI_DIGEST_SHA256};
    assert_false(peri_pin_equal(&a, &b));
    b.len = PERI_DIGEST_SHA1;
    assert_true(peri_pin_equal(&a, &b));
    b.bytes[PERI_DIGEST_SHA1 - 1] = 1;
    assert_false(peri_pin_equal(&a, &b));
}

static void writes_what_it_reads(void **state)
{
    (void)state;
    struct peri_pin pin, again;
    char text[PERI_PIN_TEXT_SIZE];
    assert_true(peri_pin_parse("sha1:" SHA1_COLONS, &pin, NULL));
    peri_pin_format(&pin, text);
    assert_string_equal(text, "SHA-1 " SHA1_COLONS);
    assert_true(peri_pin_parse(SHA256_PLAIN, &pin, NULL));
    peri_pin_format(&pin, text);
    assert_int_equal(strlen(text), strlen("SHA-256 ") + 3 * PERI_DIGEST_SHA256 - 1);
    assert_true(peri_pin_parse(text, &again, NULL));
    assert_true(peri_pin_equal(&pin, &again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_common_way_to_write_one),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(a_pin_of_one_kind_is_none_of_the_other),
        cmocka_unit_test(writes_what_it_reads),
    };
    return cmocka_run_group_tests_name("tls/pin", tests, NULL, NULL);
}
