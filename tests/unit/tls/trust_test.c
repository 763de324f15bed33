/* What is read once, at the start, and what each connection does with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/pkcs12.h>

#include "tests/support/authority.h"
#include "tests/support/client.h"

static struct authority root, leaf, other;
static SSL_CTX *context;
static char *root_file, *leaf_file, *both_file, *key_file, *locked_file;

static int make_files(void **state)
{
    (void)state;
    root = authority_make(&(struct authority_wish){.name = "Root", .is_authority = true});
    leaf = authority_make(&(struct authority_wish){.issuer = &root});
    other = authority_make(&(struct authority_wish){.issuer = &root});
    context = authority_context(&leaf, NULL);
    X509 *const roots[] = {root.certificate, NULL};
    X509 *const leaves[] = {leaf.certificate, NULL};
    X509 *const both[] = {leaf.certificate, root.certificate, NULL};
    root_file = authority_write("root.pem", roots);
    leaf_file = authority_write("leaf.pem", leaves);
    both_file = authority_write("both.pem", both);
    key_file = authority_write_key("leaf.key", leaf.key, NULL);
    locked_file = authority_write_key("locked.key", leaf.key, "open sesame");
    return 0;
}

static int free_files(void **state)
{
    (void)state;
    authority_free(&root);
    authority_free(&leaf);
    authority_free(&other);
    SSL_CTX_free(context);
    free(root_file);
    free(leaf_file);
    free(both_file);
    free(key_file);
    free(locked_file);
    authority_clean();
    return 0;
}

static void answer(struct peer_line *line)
{
    while (peer_line_read(line) && peer_line_answer(line, "ok"))
        continue;
}

static void answer_once(struct peer_line *line)
{
    if (peer_line_read(line))
        peer_line_puts(line, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
}

static void get_ok(struct client *client, const struct peer *peer)
{
    char url[64];
    struct client_call call = {0};
    client_get(client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(client, &call);
    client_expect(&call, "ok");
    client_free(&call);
}

static void refuse(const struct peri_trust_settings *settings, enum peri_error_code code,
                   const char *message)
{
    struct peri_error err = {0};
    struct peri_trust *trust = peri_trust_new(settings, &err);
    assert_null(trust);
    if (err.code != code || strstr(err.message, message) == NULL)
        fail_msg("wanted %d, \"%s\"; got %d, \"%s\"", code, message, err.code, err.message);
}

static void refuses_files_that_it_cannot_use_and_says_why(void **state)
{
    (void)state;
    const char *const nothing[] = {"/nonexistent.pem"}, *const key[] = {key_file};
    refuse(&(struct peri_trust_settings){.ca_files = nothing, .ca_file_count = 1}, PERI_E_IO,
           "/nonexistent.pem: No such file");
    refuse(&(struct peri_trust_settings){.ca_files = key, .ca_file_count = 1}, PERI_E_TLS_SETUP,
           "leaf.key: no certificate in it");
    refuse(&(struct peri_trust_settings){.ca_path = "/nonexistent"}, PERI_E_IO, "/nonexistent");
    refuse(&(struct peri_trust_settings){.cert = key_file}, PERI_E_TLS_SETUP,
           "no certificate in it");
    refuse(&(struct peri_trust_settings){.key = key_file}, PERI_E_TLS_SETUP,
           "without a client certificate");
    refuse(&(struct peri_trust_settings){.cert = leaf_file}, PERI_E_TLS_SETUP, "leaf.pem");
    refuse(&(struct peri_trust_settings){.cert = root_file, .key = key_file}, PERI_E_TLS_SETUP,
           "does not belong to the certificate");
    refuse(&(struct peri_trust_settings){.cert = leaf_file, .key = locked_file}, PERI_E_TLS_KEY,
           "encrypted, and no password is given");
    refuse(&(struct peri_trust_settings){.cert = leaf_file,
                                         .key = locked_file,
                                         .key_password = "wrong"},
           PERI_E_TLS_KEY, "encrypted, and its password is another one");
    const char *const pins[] = {"12:34"};
    refuse(&(struct peri_trust_settings){.thumbprints = pins, .thumbprint_count = 1},
           PERI_E_TLS_SETUP, "thumbprint with 4 hexadecimal digits");
}

static void opens_an_encrypted_key(void **state)
{
    (void)state;
    struct peri_error err = {0};
    const struct peri_trust_settings settings = {
        .cert = leaf_file, .key = locked_file, .key_password = "open sesame"};
    struct peri_trust *trust = peri_trust_new(&settings, &err);
    assert_string_equal(err.message, "");
    assert_non_null(trust);
    peri_trust_free(trust);
}

static void reads_authorities_once_and_not_for_each_connection(void **state)
{
    (void)state;
    struct client client;
    X509 *const roots[] = {root.certificate, NULL};
    char *path = authority_write("vanishes.pem", roots);
    const char *const files[] = {path};
    const struct peri_pool_settings settings = {.proxy = "",
                                                .trust = {.ca_files = files, .ca_file_count = 1}};
    client_open(&client, &settings);
    unlink(path);
    struct peer *peer = peer_start(answer_once, context);
    for (unsigned i = 0; i < 4; i++)
        get_ok(&client, peer);
    assert_int_equal(peer->handshakes, 4);
    client_close(&client);
    peer_stop(peer);
    free(path);
}

static void resumes_sessions_of_connections_before(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    const char *const files[] = {root_file};
    const struct peri_pool_settings settings = {.proxy = "",
                                                .trust = {.ca_files = files, .ca_file_count = 1}};
    for (int i = 0; i < 2; i++) {
        struct client client;
        client_open(&client, &settings);
        SSL_CTX_set_max_proto_version(context, versions[i]);
        struct peer *peer = peer_start(answer_once, context);
        for (unsigned k = 0; k < 5; k++)
            get_ok(&client, peer);
        struct peri_pool_stats stats = peri_pool_stats(client.pool);
        assert_int_equal(stats.handshakes, 5);
        assert_int_equal(stats.resumed, 4);
        client_close(&client);
        peer_stop(peer);
    }
    SSL_CTX_set_max_proto_version(context, 0);
}

static void keeps_a_connection_with_one_handshake(void **state)
{
    (void)state;
    struct client client;
    const char *const files[] = {root_file};
    const struct peri_pool_settings settings = {.proxy = "",
                                                .trust = {.ca_files = files, .ca_file_count = 1}};
    client_open(&client, &settings);
    struct peer *peer = peer_start(answer, context);
    for (unsigned i = 0; i < 10; i++)
        get_ok(&client, peer);
    assert_int_equal(peri_pool_stats(client.pool).handshakes, 1);
    client_close(&client);
    peer_stop(peer);
}

static void trusts_a_directory_hashed_or_not(void **state)
{
    (void)state;
    char path[512], link[600];
    snprintf(path, sizeof(path), "%s.d", authority_directory());
    for (int is_hashed = 0; is_hashed < 2; is_hashed++) {
        struct client client;
        const struct peri_pool_settings settings = {.proxy = "", .trust = {.ca_path = path}};
        assert_int_equal(mkdir(path, 0700), 0);
        if (is_hashed)
            snprintf(link, sizeof(link), "%s/%08lx.0", path,
                     X509_subject_name_hash(root.certificate));
        else
            snprintf(link, sizeof(link), "%s/lab.crt", path);
        assert_int_equal(symlink(root_file, link), 0);
        client_open(&client, &settings);
        struct peer *peer = peer_start(answer, context);
        get_ok(&client, peer);
        client_close(&client);
        peer_stop(peer);
        unlink(link);
        rmdir(path);
    }
}

/* Writes root as DER, or with its key as PKCS #12. */
static char *write_binary(const char *name, bool is_bundle)
{
    char *path = authority_write_key(name, root.key, NULL);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    if (is_bundle) {
        PKCS12 *bundle =
            PKCS12_create("pw", "root", root.key, root.certificate, NULL, 0, 0, 0, 0, 0);
        i2d_PKCS12_fp(file, bundle);
        PKCS12_free(bundle);
    } else {
        i2d_X509_fp(file, root.certificate);
    }
    fclose(file);
    return path;
}

static void trusts_a_file_and_a_directory_at_once(void **state)
{
    (void)state;
    struct client client;
    char directory[600];
    snprintf(directory, sizeof(directory), "%s/both", authority_directory());
    assert_int_equal(mkdir(directory, 0700), 0);
    X509 *const list[] = {root.certificate, NULL}, *const strange[] = {leaf.certificate, NULL};
    char *inside = authority_write("both/root.pem", list);
    char *file = authority_write("other.pem", strange);
    const char *const files[] = {file};
    const struct peri_pool_settings settings = {
        .trust = {.ca_files = files, .ca_file_count = 1, .ca_path = directory}};
    client_open(&client, &settings);
    struct peer *peer = peer_start(answer_once, context);
    get_ok(&client, peer);
    client_close(&client);
    peer_stop(peer);
    unlink(inside);
    rmdir(directory);
    free(inside);
    free(file);
}

static void reads_der_and_says_what_else_a_file_is(void **state)
{
    (void)state;
    char *der = write_binary("root.cer", false), *bundle = write_binary("root.pfx", true);
    const char *const files[] = {der}, *const bundles[] = {bundle};
    struct peri_error err = {0};
    struct peri_trust *trust =
        peri_trust_new(&(struct peri_trust_settings){.ca_files = files, .ca_file_count = 1}, &err);
    assert_string_equal(err.message, "");
    peri_trust_free(trust);
    trust = peri_trust_new(&(struct peri_trust_settings){.ca_files = bundles, .ca_file_count = 1},
                           &err);
    assert_null(trust);
    assert_non_null(strstr(err.message, "root.pfx: it is a PKCS #12 file"));
    assert_non_null(strstr(err.hint, "openssl pkcs12 -in "));
    free(der);
    free(bundle);
}

static void trusts_the_leaf_itself_when_it_is_in_the_file(void **state)
{
    (void)state;
    struct client client;
    const char *const files[] = {leaf_file};
    const struct peri_pool_settings settings = {.proxy = "",
                                                .trust = {.ca_files = files, .ca_file_count = 1}};
    client_open(&client, &settings);
    struct peer *peer = peer_start(answer, context);
    get_ok(&client, peer);
    client_close(&client);
    peer_stop(peer);
}

static void believes_everybody_only_when_told_to(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    const struct peri_pool_settings careless = {.proxy = "", .trust = {.insecure = true}};
    struct peer *peer = peer_start(answer, context);
    client_open(&client, &careless);
    get_ok(&client, peer);
    client_close(&client);
    client_open(&client, NULL);
    struct client_call call = {0};
    client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
    client_finish(&client, &call);
    assert_int_equal(client_code(&call), PERI_E_TLS_UNTRUSTED);
    client_free(&call);
    client_close(&client);
    peer_stop(peer);
}

static void checks_again_after_a_failure(void **state)
{
    (void)state;
    char url[64];
    struct client client;
    const char *const files[] = {root_file};
    const struct peri_pool_settings settings = {.proxy = "",
                                                .trust = {.ca_files = files, .ca_file_count = 1}};
    struct authority wrong =
        authority_make(&(struct authority_wish){.issuer = &root, .hosts = "DNS:elsewhere"});
    SSL_CTX *wrong_context = authority_context(&wrong, NULL);
    struct peer *peer = peer_start(answer, wrong_context);
    client_open(&client, &settings);
    for (int i = 0; i < 3; i++) { /* no session of a failure is resumed */
        struct client_call call = {0};
        client_get(&client, &call, peer_url(peer, "/", url, sizeof(url)));
        client_finish(&client, &call);
        assert_int_equal(client_code(&call), PERI_E_TLS_NAME);
        client_free(&call);
    }
    client_close(&client);
    peer_stop(peer);
    SSL_CTX_free(wrong_context);
    authority_free(&wrong);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_files_that_it_cannot_use_and_says_why),
        cmocka_unit_test(opens_an_encrypted_key),
        cmocka_unit_test(reads_authorities_once_and_not_for_each_connection),
        cmocka_unit_test(resumes_sessions_of_connections_before),
        cmocka_unit_test(keeps_a_connection_with_one_handshake),
        cmocka_unit_test(trusts_a_directory_hashed_or_not),
        cmocka_unit_test(trusts_a_file_and_a_directory_at_once),
        cmocka_unit_test(reads_der_and_says_what_else_a_file_is),
        cmocka_unit_test(trusts_the_leaf_itself_when_it_is_in_the_file),
        cmocka_unit_test(believes_everybody_only_when_told_to),
        cmocka_unit_test(checks_again_after_a_failure),
    };
    return cmocka_run_group_tests_name("tls/trust", tests, make_files, free_files);
}
