/* Certificates outside a handshake: any bytes may be judged as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/pem.h>

#include "runtime/tls/portrait.h"
#include "tests/support/authority.h"

static struct authority root, leaf;
static struct peri_trust *trust;

static int make(void **state)
{
    (void)state;
    root = authority_make(&(struct authority_wish){.name = "Root", .is_authority = true});
    leaf = authority_make(&(struct authority_wish){.issuer = &root});
    X509 *const list[] = {root.certificate, NULL};
    char *path = authority_write("root.pem", list);
    const char *const files[] = {path};
    const struct peri_trust_settings settings = {.ca_files = files, .ca_file_count = 1};
    trust = peri_trust_new(&settings, NULL);
    free(path);
    return trust == NULL;
}

static int unmake(void **state)
{
    (void)state;
    peri_trust_free(trust);
    authority_free(&root);
    authority_free(&leaf);
    authority_clean();
    return 0;
}

static unsigned char *der_of(const struct authority *authority, size_t *n)
{
    unsigned char *der = NULL;
    *n = (size_t)i2d_X509(authority->certificate, &der);
    return der;
}

static void judges_der_as_a_handshake_does(void **state)
{
    (void)state;
    struct peri_error err = {0};
    size_t n;
    unsigned char *der = der_of(&leaf, &n);
    assert_true(peri_portrait_judge(trust, der, n, "127.0.0.1", &err));
    assert_true(peri_portrait_judge(trust, der, n, "localhost", &err));
    assert_false(peri_portrait_judge(trust, der, n, "vcenter.example", &err));
    assert_int_equal(err.code, PERI_E_TLS_NAME);
    OPENSSL_free(der);
}

static void judges_pem_with_its_chain(void **state)
{
    (void)state;
    struct peri_error err = {0};
    struct authority middle = authority_make(
        &(struct authority_wish){.name = "Middle", .is_authority = true, .issuer = &root});
    struct authority below = authority_make(&(struct authority_wish){.issuer = &middle});
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    PEM_write_bio_X509(bio, below.certificate);
    size_t alone = (size_t)BIO_get_mem_data(bio, &text);
    assert_false(peri_portrait_judge(trust, text, alone, "127.0.0.1", &err));
    assert_non_null(strstr(err.message, "its issuer \"CN=Middle\" is missing"));
    PEM_write_bio_X509(bio, middle.certificate);
    size_t both = (size_t)BIO_get_mem_data(bio, &text);
    assert_true(peri_portrait_judge(trust, text, both, "127.0.0.1", &err));
    BIO_free(bio);
    authority_free(&middle);
    authority_free(&below);
}

static void takes_any_bytes(void **state)
{
    (void)state;
    struct peri_error err = {0};
    size_t n;
    unsigned char *der = der_of(&leaf, &n);
    assert_false(peri_portrait_judge(trust, "", 0, "a", &err));
    assert_int_equal(err.code, PERI_E_TLS_SETUP);
    assert_false(peri_portrait_judge(trust, "-----BEGIN CERTIFICATE-----\nAAAA\n", 33, "a", &err));
    for (size_t at = 0; at < n; at++) { /* every byte is another one, in turn */
        der[at] ^= 0x15;
        assert_false(peri_portrait_judge(trust, der, n, "127.0.0.1", &err));
        assert_true(err.message[0] != '\0');
        assert_false(peri_portrait_judge(trust, der, at, "127.0.0.1", &err));
        der[at] ^= 0x15;
    }
    OPENSSL_free(der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_der_as_a_handshake_does),
        cmocka_unit_test(judges_pem_with_its_chain),
        cmocka_unit_test(takes_any_bytes),
    };
    return cmocka_run_group_tests_name("tls/portrait", tests, make, unmake);
}
