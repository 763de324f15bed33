/* wide.c: UTF-8 and wide characters, which are Unicode's numbers here. */
#include "runtime/term/wide.h"

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/alloc.h"
#include "runtime/base/check.h"

#ifndef __STDC_ISO_10646__
#error "wchar_t must hold Unicode's numbers"
#endif

/* The bytes that a first byte announces; 0 for none that begins a character. */
static size_t announced(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first < 0xe0)
        return 2;
    if (first >= 0xe0 && first < 0xf0)
        return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

static bool is_character(uint32_t c, size_t size)
{
    if (size == 3)
        return c >= 0x800 && (c < 0xd800 || c > 0xdfff);
    return size != 4 || (c >= 0x10000 && c <= 0x10ffff);
}

static size_t unknown(wchar_t *c)
{
    *c = PERI_WIDE_UNKNOWN;
    return 1;
}

size_t peri_wide_decode(const char *bytes, size_t len, wchar_t *c)
{
    unsigned char first = (unsigned char)bytes[0];
    size_t size = announced(first);
    if (size == 0)
        return unknown(c);
    uint32_t value = size == 1 ? first : first & (0xffU >> (size + 1));
    for (size_t i = 1; i < size; i++) {
        if (i == len)
            return 0;
        if (((unsigned char)bytes[i] & 0xc0) != 0x80)
            return unknown(c);
        value = value << 6 | ((unsigned char)bytes[i] & 0x3f);
    }
    if (!is_character(value, size))
        return unknown(c);
    *c = (wchar_t)value;
    return size;
}

wchar_t *peri_wide_of(const char *bytes, size_t len, size_t *count)
{
    wchar_t *text = peri_alloc_array(len + 1, sizeof(*text));
    *count = 0;
    while (len > 0) {
        size_t used = peri_wide_decode(bytes, len, &text[*count]);
        if (used == 0)
            used = unknown(&text[*count]);
        bytes += used;
        len -= used;
        (*count)++;
    }
    return text;
}

static char *encode(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    int rest = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *to++ = (char)((0xff00U >> (rest + 1) & 0xff) | c >> (6 * rest));
    while (rest-- > 0)
        *to++ = (char)(0x80 | (c >> (6 * rest) & 0x3f));
    return to;
}

char *peri_wide_utf8(const wchar_t *text, size_t count, size_t *len)
{
    char *bytes = peri_alloc_array(count + 1, 4), *end = bytes;
    for (size_t i = 0; i < count; i++)
        end = encode(end, (uint32_t)text[i]);
    *end = '\0';
    *len = (size_t)(end - bytes);
    return bytes;
}
