/* tls_peer.c: a server for Lua tests whose certificate is wrong in one way: tls_peer CASE. Prints
 * its URL, the file of the authority that should be believed, and of the revocation list and of a
 * client's certificate and key what the case has; then answers "hello" until it is killed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/authority.h"
#include "tests/support/peer.h"

enum { DAY = 86400 };

static struct authority root, middle, stranger;

/* What is wrong; the leaf's issuer is root if nothing else is said. */
static const struct test_case {
    const char *name;
    struct authority_wish wish;
    const struct authority *chain;
    bool is_revoked, wants_client, is_plain;
    int newest; /* version of TLS; 0: any */
} cases[] = {
    {.name = "good", .wish = {.issuer = &root}},
    {.name = "self-signed", .wish = {.name = "esx-01"}},
    {.name = "stranger", .wish = {.issuer = &stranger}, .chain = &stranger},
    {.name = "missing",
     .wish = {.issuer = &middle, .issuer_url = "http://pki.lab.example/ca2.crt"}},
    {.name = "expired", .wish = {.issuer = &root, .starts_s = -9 * DAY, .ends_s = -DAY}},
    {.name = "early", .wish = {.issuer = &root, .starts_s = DAY}},
    {.name = "name", .wish = {.issuer = &root, .hosts = "DNS:vcenter.lab.example,IP:10.0.0.1"}},
    {.name = "weak", .wish = {.issuer = &root, .is_weak = true}},
    {.name = "revoked", .wish = {.issuer = &root}, .is_revoked = true},
    {.name = "old", .wish = {.issuer = &root}, .newest = TLS1_1_VERSION},
    {.name = "plain", .is_plain = true},
    {.name = "client", .wish = {.issuer = &root}, .wants_client = true},
};

static void answer(struct peer_line *line)
{
    while (peer_line_read(line) && peer_line_answer(line, "hello"))
        continue;
}

/* Plain HTTP, as a web server answers who speaks TLS to it. */
static void answer_plain(struct peer_line *line)
{
    peer_line_swallow(line);
    peer_line_puts(line, "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void make_authorities(void)
{
    root = authority_make(&(struct authority_wish){.name = "Lab Root CA", .is_authority = true});
    stranger = authority_make(&(struct authority_wish){.name = "Stranger", .is_authority = true});
    middle = authority_make(&(struct authority_wish){
        .name = "Lab Issuing CA 2", .is_authority = true, .issuer = &root});
}

static void print_file(const char *what, char *path)
{
    printf("%s %s\n", what, path);
    free(path);
}

/* Certificates that a client may show: one of root, and one that the server does not know. */
static void print_clients(SSL_CTX *context)
{
    const struct authority *const issuers[] = {&root, &stranger};
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.certificate);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    for (int i = 0; i < 2; i++) {
        char cert[32], key[32];
        struct authority client =
            authority_make(&(struct authority_wish){.name = "client", .issuer = issuers[i]});
        X509 *const list[] = {client.certificate, NULL};
        snprintf(cert, sizeof(cert), "client%d.pem", i);
        snprintf(key, sizeof(key), "client%d.key", i);
        print_file("cert", authority_write(cert, list));
        print_file("key", authority_write_key(key, client.key, NULL));
        authority_free(&client);
    }
}

static void serve(const struct test_case *wrong)
{
    char url[64];
    X509 *const roots[] = {root.certificate, NULL};
    X509 *const chain[] = {wrong->chain == NULL ? NULL : wrong->chain->certificate, NULL};
    struct authority leaf = authority_make(&wrong->wish);
    SSL_CTX *context = authority_context(&leaf, chain);
    print_file("ca", authority_write("ca.pem", roots));
    if (wrong->is_revoked)
        print_file("crl", authority_write_list("ca.crl", &root, &leaf, DAY));
    if (wrong->wants_client)
        print_clients(context);
    SSL_CTX_set_max_proto_version(context, wrong->newest);
    const struct peer *peer =
        wrong->is_plain ? peer_start(answer_plain, NULL) : peer_start(answer, context);
    printf("url %s\n", peer_url(peer, "", url, sizeof(url)));
    fflush(stdout);
    pause();
}

int main(int argc, char **argv)
{
    make_authorities();
    for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(argv[1], cases[i].name) == 0)
            serve(&cases[i]);
    return EXIT_FAILURE;
}
