/* Each way in which a handshake fails has a message of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/authority.h"
#include "tests/support/client.h"

enum { DAY = 86400 };

static struct authority root, middle, stranger;
static char *root_file;

static int make_authorities(void **state)
{
    (void)state;
    root = authority_make(&(struct authority_wish){.name = "Lab Root CA", .is_authority = true});
    stranger = authority_make(&(struct authority_wish){.name = "Stranger", .is_authority = true});
    middle = authority_make(&(struct authority_wish){
        .name = "Lab Issuing CA 2", .is_authority = true, .issuer = &root});
    X509 *const list[] = {root.certificate, NULL};
    root_file = authority_write("root.pem", list);
    return 0;
}

static int free_authorities(void **state)
{
    (void)state;
    authority_free(&root);
    authority_free(&middle);
    authority_free(&stranger);
    free(root_file);
    authority_clean();
    return 0;
}

static void answer(struct peer_line *line)
{
    while (peer_line_read(line) && peer_line_answer(line, "ok"))
        continue;
}

/* Sends a POST by https to a peer and returns how that ended; PERI_E_NONE if well. */
static struct peri_error post(const struct peer *peer, const char *host,
                              const struct peri_trust_settings *trust)
{
    char url[64];
    struct client client;
    struct client_call call = {0};
    const char *const files[] = {root_file};
    struct peri_pool_settings settings = {.proxy = "",
                                          .trust = {.ca_files = files, .ca_file_count = 1}};
    if (trust != NULL)
        settings.trust = *trust;
    client_open(&client, &settings);
    snprintf(url, sizeof(url), "https://%s:%d/", host, peer->port);
    client_post(&client, &call, url, "x");
    client_finish(&client, &call);
    struct peri_error result = {0};
    if (client_code(&call) != PERI_E_NONE)
        result = *client_error(&call);
    client_free(&call);
    client_close(&client);
    return result;
}

/* The same to a server that shows a leaf made as wished, and those that chain it. */
static struct peri_error show(const struct authority_wish *wish, X509 *const *chain,
                              const char *host, const struct peri_trust_settings *trust)
{
    struct authority leaf = authority_make(wish);
    SSL_CTX *context = authority_context(&leaf, chain);
    struct peer *peer = peer_start(answer, context);
    struct peri_error result = post(peer, host, trust);
    peer_stop(peer);
    SSL_CTX_free(context);
    authority_free(&leaf);
    return result;
}

static void expect(const struct peri_error *err, enum peri_error_code code, const char *message)
{
    if (err->code != code || strstr(err->message, message) == NULL)
        fail_msg("wanted %d, \"%s\"; got %d, \"%s\"", code, message, err->code, err->message);
}

static void expect_in(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in: %s", part, text);
}

static void says_nothing_when_all_is_well(void **state)
{
    (void)state;
    X509 *const chain[] = {middle.certificate, NULL};
    struct peri_error err =
        show(&(struct authority_wish){.issuer = &middle}, chain, "127.0.0.1", NULL);
    assert_string_equal(err.message, "");
    err = show(&(struct authority_wish){.issuer = &root}, NULL, "localhost", NULL);
    assert_string_equal(err.message, "");
}

static void names_the_missing_issuer_and_where_to_get_it(void **state)
{
    (void)state;
    const struct authority_wish wish = {.name = "vcenter.lab.example",
                                        .issuer = &middle,
                                        .issuer_url = "http://pki.lab.example/ca2.crt"};
    struct peri_error err = show(&wish, NULL, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_UNTRUSTED, "its issuer \"CN=Lab Issuing CA 2\" is missing");
    expect_in(err.detail, "leaf      CN=vcenter.lab.example           valid until 2");
    expect_in(err.detail, "\nmissing   CN=Lab Issuing CA 2              the server does not send");
    expect_in(err.detail, root_file);
    expect_in(err.hint, "http://pki.lab.example/ca2.crt");
    expect_in(err.hint, "thumbprint = \"SHA-256 ");
    expect_in(err.hint, "GOVC_TLS_CA_CERTS");
}

static void names_the_unknown_issuer_of_a_chain_without_its_root(void **state)
{
    (void)state;
    struct authority other = authority_make(&(struct authority_wish){
        .name = "Stranger's Issuing CA", .is_authority = true, .issuer = &stranger});
    X509 *const chain[] = {other.certificate, NULL};
    struct peri_error err =
        show(&(struct authority_wish){.issuer = &other}, chain, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_UNTRUSTED, "its chain ends at \"CN=Stranger\", which is unknown here");
    expect_in(err.detail, "issuer    CN=Stranger's Issuing CA");
    expect_in(err.hint, "add \"CN=Stranger\" to ca_file");
    expect_in(err.hint, "/certs/download.zip");
    authority_free(&other);
}

static void tells_an_authority_that_was_made_anew_under_the_same_name(void **state)
{
    (void)state;
    struct authority anew =
        authority_make(&(struct authority_wish){.name = "Lab Root CA", .is_authority = true});
    struct peri_error err =
        show(&(struct authority_wish){.issuer = &anew}, NULL, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_UNTRUSTED, "its issuer \"CN=Lab Root CA\" is missing");
    expect_in(err.detail, "is named so, but did not sign this: the CA was made anew");
    authority_free(&anew);
}

static void tells_the_command_that_trusts_a_certificate(void **state)
{
    (void)state;
    const char *const files[] = {root_file};
    const struct peri_trust_settings trust = {
        .ca_files = files, .ca_file_count = 1, .trust_command = "perilune target trust lab"};
    struct peri_error err = show(&(struct authority_wish){0}, NULL, "127.0.0.1", &trust);
    expect_in(err.hint, "to trust just this certificate: perilune target trust lab   (SHA-256 ");
}

static void names_a_root_that_nobody_knows(void **state)
{
    (void)state;
    X509 *const chain[] = {stranger.certificate, NULL};
    struct peri_error err =
        show(&(struct authority_wish){.issuer = &stranger}, chain, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_UNTRUSTED, "its root \"CN=Stranger\" is unknown");
    expect_in(err.detail, "root      CN=Stranger");
}

static void tells_a_self_signed_certificate(void **state)
{
    (void)state;
    struct peri_error err = show(&(struct authority_wish){0}, NULL, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_UNTRUSTED, "self-signed");
    expect_in(err.hint, "thumbprint = \"SHA-256 ");
}

static void tells_dates(void **state)
{
    (void)state;
    struct peri_error err =
        show(&(struct authority_wish){.issuer = &root, .starts_s = -9 * DAY, .ends_s = -DAY}, NULL,
             "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_EXPIRED, " expired on 2");
    expect_in(err.detail, "expired on 2");
    expect_in(err.detail, "valid until");
    expect_in(err.detail, "trusted (");
    err = show(&(struct authority_wish){.issuer = &root, .starts_s = DAY}, NULL, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_NOT_YET, " is not valid before 2");
    expect_in(err.hint, "set the clock, of this machine or of the server\nor renew");
}

static void tells_which_certificate_of_the_chain_expired(void **state)
{
    (void)state;
    struct authority old = authority_make(&(struct authority_wish){.name = "Old CA",
                                                                   .is_authority = true,
                                                                   .issuer = &root,
                                                                   .starts_s = -9 * DAY,
                                                                   .ends_s = -DAY});
    X509 *const chain[] = {old.certificate, NULL};
    struct peri_error err =
        show(&(struct authority_wish){.issuer = &old}, chain, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_EXPIRED, "\"CN=Old CA\"");
    authority_free(&old);
}

static void lists_the_names_that_the_certificate_has(void **state)
{
    (void)state;
    const struct authority_wish wish = {
        .issuer = &root, .hosts = "DNS:vcenter.lab.example,DNS:*.esx.example,IP:10.0.0.1,IP:::1"};
    const char *names = "vcenter.lab.example, *.esx.example, 10.0.0.1, 0:0:0:0:0:0:0:1";
    struct peri_error err = show(&wish, NULL, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_NAME, names);
    err = show(&wish, NULL, "localhost", NULL);
    expect(&err, PERI_E_TLS_NAME, names);
    err = show(&(struct authority_wish){.issuer = &root, .hosts = "", .name = "old.example"}, NULL,
               "localhost", NULL);
    expect(&err, PERI_E_TLS_NAME, "old.example");
}

static void tells_a_weak_key(void **state)
{
    (void)state;
    struct peri_error err =
        show(&(struct authority_wish){.issuer = &root, .is_weak = true}, NULL, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_WEAK, "too short");
}

static void shows_names_that_want_to_be_more(void **state)
{
    (void)state;
    const struct authority_wish wish = {.name = "a\033[31m\nleaf      CN=good"};
    struct peri_error err = show(&wish, NULL, "127.0.0.1", NULL);
    assert_null(strchr(err.detail, '\033'));
    assert_null(strchr(err.detail, '\n'));
}

/* ---- revocation ---- */

/* Shows a leaf of an issuer to who believes root and has a revocation list of that name. */
static struct peri_error show_listed(const struct authority *leaf, const struct authority *between,
                                     const char *list)
{
    X509 *const chain[] = {between == NULL ? NULL : between->certificate, NULL};
    const char *const files[] = {root_file}, *const lists[] = {list};
    const struct peri_trust_settings trust = {
        .ca_files = files, .ca_file_count = 1, .crl_files = lists, .crl_file_count = 1};
    SSL_CTX *context = authority_context(leaf, chain);
    struct peer *peer = peer_start(answer, context);
    struct peri_error result = post(peer, "127.0.0.1", &trust);
    peer_stop(peer);
    SSL_CTX_free(context);
    return result;
}

static void tells_a_revoked_certificate_and_when_that_was(void **state)
{
    (void)state;
    struct authority leaf = authority_make(&(struct authority_wish){.issuer = &root});
    struct authority other = authority_make(&(struct authority_wish){.issuer = &root});
    char *list = authority_write_list("root.crl", &root, &leaf, DAY);
    struct peri_error err = show_listed(&leaf, NULL, list);
    expect(&err, PERI_E_TLS_REVOKED, " was revoked by its issuer on 2");
    expect_in(err.hint, "do not log in");
    err = show_listed(&other, NULL, list);
    assert_string_equal(err.message, "");
    free(list);
    authority_free(&leaf);
    authority_free(&other);
}

static void tells_a_revoked_issuer(void **state)
{
    (void)state;
    struct authority leaf = authority_make(&(struct authority_wish){.issuer = &middle});
    char *lists[] = {authority_write_list("root.crl", &root, &middle, DAY),
                     authority_write_list("middle.crl", &middle, NULL, DAY)};
    struct peri_error err = show_listed(&leaf, &middle, lists[1]);
    assert_string_equal(err.message, ""); /* of its issuer no list is at hand */
    err = show_listed(&leaf, &middle, lists[0]);
    expect(&err, PERI_E_TLS_UNTRUSTED, "the list of \"CN=Lab Issuing CA 2\" is not in crl_file");
    FILE *both = fopen(lists[0], "a"), *second = fopen(lists[1], "r");
    for (int c; (c = fgetc(second)) != EOF;)
        fputc(c, both);
    fclose(both);
    fclose(second);
    err = show_listed(&leaf, &middle, lists[0]);
    expect(&err, PERI_E_TLS_REVOKED, "the issuer's certificate \"CN=Lab Issuing CA 2\" of ");
    free(lists[0]);
    free(lists[1]);
    authority_free(&leaf);
}

static void tells_a_revocation_list_that_is_of_no_use(void **state)
{
    (void)state;
    struct authority leaf = authority_make(&(struct authority_wish){.issuer = &root});
    char *old = authority_write_list("old.crl", &root, NULL, -DAY);
    char *foreign = authority_write_list("foreign.crl", &stranger, NULL, DAY);
    struct peri_error err = show_listed(&leaf, NULL, old);
    expect(&err, PERI_E_TLS_UNTRUSTED, "the list of \"CN=Lab Root CA\" is out of date");
    err = show_listed(&leaf, NULL, foreign);
    expect(&err, PERI_E_TLS_UNTRUSTED, "the list of \"CN=Lab Root CA\" is not in crl_file");
    expect_in(err.hint, "fetch the present revocation list of \"CN=Lab Root CA\"");
    free(old);
    free(foreign);
    authority_free(&leaf);
}

/* ---- pins ---- */

static void a_pin_stands_for_everything_else(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "SHA-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:"
        "BB:CC:DD:EE:FF"};
    const struct peri_trust_settings other = {.thumbprints = wrong, .thumbprint_count = 1};
    const struct authority_wish wish = {.hosts = "DNS:elsewhere", .ends_s = -1, .is_weak = true};
    struct authority leaf = authority_make(&wish);
    SSL_CTX *context = authority_context(&leaf, NULL);
    struct peer *peer = peer_start(answer, context);
    struct peri_error err = post(peer, "127.0.0.1", &other);
    expect(&err, PERI_E_TLS_PIN, "HAS CHANGED: it is not the pinned one");
    expect_in(err.detail, wrong[0]);
    char *at = strstr(err.hint, "SHA-256 "); /* what the hint tells to set works */
    assert_non_null(at);
    at[strlen(wrong[0])] = '\0';
    const char *const right[] = {wrong[0], at};
    const struct peri_trust_settings pinned = {.thumbprints = right, .thumbprint_count = 2};
    err = post(peer, "127.0.0.1", &pinned);
    assert_string_equal(err.message, "");
    peer_stop(peer);
    SSL_CTX_free(context);
    authority_free(&leaf);
}

/* ---- no certificates at all ---- */

static void speak_http(struct peer_line *line)
{
    peer_line_puts(line, "HTTP/1.1 400 Bad Request\r\n\r\n");
    peer_line_drain(line);
}

static void speak_ssh(struct peer_line *line)
{
    peer_line_puts(line, "SSH-2.0-OpenSSH_9.2\r\n");
    peer_line_drain(line);
}

static void say_nothing(struct peer_line *line)
{
    peer_line_swallow(line);
}

static struct peri_error post_plain(peer_script script)
{
    struct peer *peer = peer_start(script, NULL);
    struct peri_error err = post(peer, "127.0.0.1", NULL);
    peer_stop(peer);
    return err;
}

static void tells_a_port_that_speaks_no_tls(void **state)
{
    (void)state;
    struct peri_error err = post_plain(speak_http);
    expect(&err, PERI_E_TLS_HANDSHAKE, "answers plain HTTP");
    expect_in(err.hint, "http://");
    err = post_plain(speak_ssh);
    expect(&err, PERI_E_TLS_HANDSHAKE, "does not speak TLS: it begins with \"SSH-2\"");
    err = post_plain(say_nothing);
    expect(&err, PERI_E_TLS_HANDSHAKE, "closed the connection in the TLS handshake");
}

static void tells_a_server_that_is_too_old(void **state)
{
    (void)state;
    struct authority leaf = authority_make(&(struct authority_wish){.issuer = &root});
    SSL_CTX *context = authority_context(&leaf, NULL);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
    struct peer *peer = peer_start(answer, context);
    struct peri_error err = post(peer, "127.0.0.1", NULL);
    expect(&err, PERI_E_TLS_HANDSHAKE, "offers no TLS 1.2 or newer");
    peer_stop(peer);
    SSL_CTX_free(context);
    authority_free(&leaf);
}

/* ---- client certificates ---- */

/* Posts to a server that wants a client certificate issued by root, with one or without. */
static struct peri_error post_as(const struct authority *who, int version)
{
    struct authority leaf = authority_make(&(struct authority_wish){.issuer = &root});
    SSL_CTX *context = authority_context(&leaf, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.certificate);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_max_proto_version(context, version);
    struct peer *peer = peer_start(answer, context);
    const char *const files[] = {root_file};
    struct peri_trust_settings trust = {.ca_files = files, .ca_file_count = 1};
    X509 *const list[] = {who == NULL ? NULL : who->certificate, NULL};
    char *cert = authority_write("client.pem", list);
    char *key = who == NULL ? NULL : authority_write_key("client.key", who->key, "secret");
    if (who != NULL) {
        trust.cert = cert;
        trust.key = key;
        trust.key_password = "secret";
    }
    struct peri_error err = post(peer, "127.0.0.1", &trust);
    free(cert);
    free(key);
    peer_stop(peer);
    SSL_CTX_free(context);
    authority_free(&leaf);
    return err;
}

static void tells_that_a_client_certificate_is_required_or_refused(void **state)
{
    (void)state;
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct authority good = authority_make(&(struct authority_wish){.issuer = &root});
    struct authority bad = authority_make(&(struct authority_wish){.issuer = &stranger});
    for (int i = 0; i < 2; i++) {
        struct peri_error err = post_as(NULL, versions[i]);
        expect(&err, PERI_E_TLS_CLIENT, "requires a client certificate");
        err = post_as(&bad, versions[i]);
        expect(&err, PERI_E_TLS_CLIENT, "refused our client certificate: unknown CA");
        err = post_as(&good, versions[i]);
        assert_string_equal(err.message, "");
    }
    authority_free(&good);
    authority_free(&bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_nothing_when_all_is_well),
        cmocka_unit_test(names_the_missing_issuer_and_where_to_get_it),
        cmocka_unit_test(names_the_unknown_issuer_of_a_chain_without_its_root),
        cmocka_unit_test(tells_an_authority_that_was_made_anew_under_the_same_name),
        cmocka_unit_test(tells_the_command_that_trusts_a_certificate),
        cmocka_unit_test(names_a_root_that_nobody_knows),
        cmocka_unit_test(tells_a_self_signed_certificate),
        cmocka_unit_test(tells_dates),
        cmocka_unit_test(tells_which_certificate_of_the_chain_expired),
        cmocka_unit_test(lists_the_names_that_the_certificate_has),
        cmocka_unit_test(tells_a_weak_key),
        cmocka_unit_test(shows_names_that_want_to_be_more),
        cmocka_unit_test(tells_a_revoked_certificate_and_when_that_was),
        cmocka_unit_test(tells_a_revoked_issuer),
        cmocka_unit_test(tells_a_revocation_list_that_is_of_no_use),
        cmocka_unit_test(a_pin_stands_for_everything_else),
        cmocka_unit_test(tells_a_port_that_speaks_no_tls),
        cmocka_unit_test(tells_a_server_that_is_too_old),
        cmocka_unit_test(tells_that_a_client_certificate_is_required_or_refused),
    };
    return cmocka_run_group_tests_name("tls/explain", tests, make_authorities, free_authorities);
}
