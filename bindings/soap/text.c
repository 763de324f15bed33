/* text.c: strings as the text of XML. */
#include "bindings/soap/text.h"

#include "bindings/soap/chars.h"

/* The length of the character at a place; 0 when XML cannot hold it. */
static size_t check(struct peri_str string, size_t at)
{
    unsigned char first = (unsigned char)string.data[at];
    uint32_t c;
    if (first < 0x80)
        return peri_chars_is_xml(first) ? 1 : 0;
    return peri_chars_decode(string.data + at, string.len - at, &c);
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

static bool is_plain(char c)
{
    return peri_chars_class[(unsigned char)c] & PERI_CHARS_TEXT && c != '>' && c != '"';
}

size_t peri_text_plain(struct peri_str string)
{
    size_t at = 0;
    while (at < string.len && is_plain(string.data[at]))
        at++;
    return at;
}

bool peri_text_write(struct peri_str string, struct peri_buf *out, struct peri_error *err)
{
    size_t start = 0, at = 0;
    while (at < string.len) {
        if (is_plain(string.data[at])) {
            at++;
            continue;
        }
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
