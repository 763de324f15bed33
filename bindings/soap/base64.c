/* base64.c: bytes as text and back. */
#include "bindings/soap/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool peri_base64_encode(struct peri_str bytes, struct peri_buf *out, struct peri_error *err)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t have = bytes.len - i < 3 ? bytes.len - i : 3;
        unsigned char in[3] = {0};
        memcpy(in, bytes.data + i, have);
        char four[4] = {
            alphabet[in[0] >> 2],
            alphabet[(in[0] & 3) << 4 | in[1] >> 4],
            have > 1 ? alphabet[(in[1] & 15) << 2 | in[2] >> 6] : '=',
            have > 2 ? alphabet[in[2] & 63] : '=',
        };
        if (!peri_buf_add(out, four, sizeof(four), err))
            return false;
    }
    return true;
}

/* 0 to 63, -1 for a blank, -2 for padding, -3 for what may not occur. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '/')
        return c == '+' ? 62 : 63;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
        return -1;
    return c == '=' ? -2 : -3;
}

struct group { /* of four characters */
    uint32_t bits;
    int count;   /* characters, padding included */
    int padding; /* characters */
};

static bool add_group(struct group *g, struct peri_buf *out, struct peri_error *err)
{
    char bytes[3] = {(char)(g->bits >> 16 & 255), (char)(g->bits >> 8 & 255),
                     (char)(g->bits & 255)};
    size_t len = 3 - (size_t)g->padding;
    g->bits = 0;
    g->count = 0;
    return peri_buf_add(out, bytes, len, err);
}

static bool take(struct group *g, int value)
{
    bool is_padding = value == -2;
    if (value == -3 || (g->padding > 0 && !is_padding) || (is_padding && g->count < 2))
        return false;
    g->bits = g->bits << 6 | (is_padding ? 0 : (uint32_t)value);
    g->count++;
    g->padding += is_padding ? 1 : 0;
    return true;
}

bool peri_base64_decode(struct peri_str text, struct peri_buf *out, struct peri_error *err)
{
    struct group g = {0};
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.data[i]);
        if (value == -1)
            continue;
        if (!take(&g, value))
            return peri_error_set(err, PERI_E_SOAP_XML, "not base64: byte %zu", i + 1);
        if (g.count == 4 && !add_group(&g, out, err))
            return false;
    }
    if (g.count != 0)
        return peri_error_set(err, PERI_E_SOAP_XML, "not base64: it ends in the middle");
    return true;
}
