/* certificate_fuzz.c: any bytes as the certificates of a server, judged by a trust in one authority
 * and by a pin that nothing has. What is said of them is printable text. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/tls/portrait.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct peri_trust *trust_of(const struct peri_trust_settings *settings)
{
    struct peri_error err = {0};
    struct peri_trust *trust = peri_trust_new(settings, &err);
    if (trust == NULL) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    return trust;
}

static void check_text(const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        if ((unsigned char)*text < ' ' && *text != '\n')
            abort();
}

static bool judge(const struct peri_trust *trust, const uint8_t *data, size_t size)
{
    struct peri_error err = {0};
    bool is_believed = peri_portrait_judge(trust, data, size, "vcenter.example", &err);
    check_text(err.message);
    check_text(err.hint);
    check_text(err.detail);
    return is_believed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const files[] = {"tests/fuzz/authority.pem"};
    static const char *const pins[] = {
        "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13"};
    static struct peri_trust *of_authority, *of_pin;
    if (of_authority == NULL) {
        of_authority =
            trust_of(&(struct peri_trust_settings){.ca_files = files, .ca_file_count = 1});
        of_pin =
            trust_of(&(struct peri_trust_settings){.thumbprints = pins, .thumbprint_count = 1});
    }
    judge(of_authority, data, size);
    if (judge(of_pin, data, size))
        abort();
    return 0;
}
