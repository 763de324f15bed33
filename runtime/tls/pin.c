/* pin.c: reading, comparing and writing thumbprints. */
#include "runtime/tls/pin.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What may stand before the digits. */
static const struct {
    const char *text;
    size_t len; /* of the digest that it announces */
} prefixes[] = {
    {"SHA-256", PERI_DIGEST_SHA256},
    {"SHA256", PERI_DIGEST_SHA256},
    {"SHA-1", PERI_DIGEST_SHA1},
    {"SHA1", PERI_DIGEST_SHA1},
};

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Skips the name of the digest, returning the length it announces, or 0 without one. */
static size_t skip_prefix(const char **text)
{
    *text += strspn(*text, " \t");
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i].text);
        if (strncasecmp(*text, prefixes[i].text, n) != 0)
            continue;
        *text += n;
        *text += strspn(*text, " \t");
        if (strncasecmp(*text, "Fingerprint", strlen("Fingerprint")) == 0)
            *text += strlen("Fingerprint");
        *text += strspn(*text, "=: \t");
        return prefixes[i].len;
    }
    return 0;
}

/* Reads the digits into pin; returns how many there were, or SIZE_MAX at a foreign character. */
static size_t read_digits(const char *text, struct peri_pin *pin)
{
    size_t n = 0;
    for (; *text != '\0'; text++) {
        if (strchr(":- \t\r\n", *text) != NULL)
            continue;
        int digit = digit_of(*text);
        if (digit < 0)
            return SIZE_MAX;
        if (n / 2 < sizeof(pin->bytes))
            pin->bytes[n / 2] = (unsigned char)((pin->bytes[n / 2] << 4) | digit);
        n++;
    }
    return n;
}

bool peri_pin_parse(const char *text, struct peri_pin *pin, struct peri_error *err)
{
    struct peri_pin read = {0};
    const char *digits = text;
    size_t announced = skip_prefix(&digits);
    size_t n = read_digits(digits, &read);
    if (n == SIZE_MAX)
        return peri_error_set(err, PERI_E_TLS_SETUP, "not a thumbprint: \"%s\"", text);
    read.len = n / 2;
    bool whole = n % 2 == 0 && (read.len == PERI_DIGEST_SHA1 || read.len == PERI_DIGEST_SHA256);
    if (!whole || (announced != 0 && announced != read.len)) {
        peri_error_set(err, PERI_E_TLS_SETUP, "a thumbprint with %zu hexadecimal digits: \"%s\"", n,
                       text);
        return peri_error_hint(err, "SHA-256 has 64 digits, SHA-1 has 40");
    }
    *pin = read;
    return true;
}

bool peri_pin_of(const void *der, size_t n, size_t len, struct peri_pin *pin,
                 struct peri_error *err)
{
    if (!peri_digest_of(der, n, pin->bytes, len, err))
        return false;
    pin->len = len;
    return true;
}

bool peri_pin_equal(const struct peri_pin *a, const struct peri_pin *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

void peri_pin_format(const struct peri_pin *pin, char *text)
{
    const char *name = pin->len == PERI_DIGEST_SHA1 ? "SHA-1" : "SHA-256";
    int used = snprintf(text, PERI_PIN_TEXT_SIZE, "%s", name);
    for (size_t i = 0; i < pin->len; i++)
        used += snprintf(text + used, PERI_PIN_TEXT_SIZE - (size_t)used, "%c%02X",
                         i == 0 ? ' ' : ':', pin->bytes[i]);
}
