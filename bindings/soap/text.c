/* text.c: strings as the text of XML. */
#include "bindings/soap/text.h"

#include <stdint.h>

/* Reads the character that begins at a byte over 0x7F: its length, or 0 when it is not UTF-8. */
static size_t decode(const unsigned char *bytes, size_t len, uint32_t *out)
{
    size_t need = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (bytes[0] < 0xC2 || bytes[0] > 0xF4 || len < need)
        return 0;
    uint32_t c = bytes[0] & (0xFFU >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (bytes[i] & 0x3F);
    }
    *out = c;
    return c < least[need] ? 0 : need;
}

static bool is_xml(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) && c != 0xFFFE && c != 0xFFFF;
}

/* The length of the character at a place; 0 when XML cannot hold it. */
static size_t check(struct peri_str string, size_t at)
{
    const unsigned char *bytes = (const unsigned char *)string.data + at;
    uint32_t c = bytes[0];
    size_t len = c < 0x80 ? 1 : decode(bytes, string.len - at, &c);
    return len > 0 && is_xml(c) ? len : 0;
}

static const char *escape(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\r':
        return "&#13;"; /* else a parser makes it a newline */
    default:
        return NULL;
    }
}

static bool bad_byte(struct peri_str string, size_t at, struct peri_error *err)
{
    unsigned byte = (unsigned char)string.data[at];
    return peri_error_set(err, PERI_E_SOAP_RANGE, "byte %zu, 0x%02X, is no text that XML can hold",
                          at + 1, byte);
}

bool peri_text_write(struct peri_str string, struct peri_buf *out, struct peri_error *err)
{
    size_t start = 0, at = 0;
    while (at < string.len) {
        size_t len = check(string, at);
        if (len == 0)
            return bad_byte(string, at, err);
        const char *escaped = escape(string.data[at]);
        at += len;
        if (escaped == NULL)
            continue;
        if (!peri_buf_add(out, string.data + start, at - 1 - start, err) ||
            !peri_buf_puts(out, escaped, err))
            return false;
        start = at;
    }
    return peri_buf_add(out, string.data + start, at - start, err);
}
