/* chars.c: what XML says of characters. */
#include "bindings/soap/chars.h"

#include <string.h>

/* clang-format off */
const uint8_t peri_chars_class[256] = {
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x09, 0x00, 0x00, 0x01, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x19, 0x18, 0x08, 0x18, 0x18, 0x18, 0x00, 0x08, 0x18, 0x18, 0x18, 0x18, 0x18, 0x1c, 0x1c, 0x18,
    0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1c, 0x1e, 0x18, 0x00, 0x18, 0x18, 0x18,
    0x18, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e,
    0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x18, 0x18, 0x10, 0x18, 0x1e,
    0x18, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e,
    0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x1e, 0x18, 0x18, 0x18, 0x18, 0x18,
};
/* clang-format on */

bool peri_chars_is_xml(uint32_t c)
{
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    return c <= 0x10FFFF && (c < 0xD800 || c > 0xDFFF) && c != 0xFFFE && c != 0xFFFF;
}

size_t peri_chars_decode(const char *bytes, size_t len, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)bytes[0];
    size_t need = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || len < need)
        return 0;
    uint32_t c = first & (0xFFU >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if (((unsigned char)bytes[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | ((unsigned char)bytes[i] & 0x3F);
    }
    *out = c;
    return c < least[need] || !peri_chars_is_xml(c) ? 0 : need;
}

size_t peri_chars_encode(uint32_t c, char *out)
{
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    out[0] = (char)(marks[len] | c);
    return len;
}

struct range {
    uint32_t from, to;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    return false;
}

bool peri_chars_is_start(uint32_t c)
{
    static const struct range ranges[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},
                                          {0x370, 0x37D},   {0x37F, 0x1FFF},  {0x200C, 0x200D},
                                          {0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF},
                                          {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
    if (c < 0x80)
        return peri_chars_class[c] & PERI_CHARS_START;
    return is_in(ranges, sizeof(ranges) / sizeof(*ranges), c);
}

bool peri_chars_is_name(uint32_t c)
{
    static const struct range ranges[] = {{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}};
    if (c < 0x80)
        return peri_chars_class[c] & PERI_CHARS_NAME;
    return is_in(ranges, sizeof(ranges) / sizeof(*ranges), c) || peri_chars_is_start(c);
}

static uint32_t digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (uint32_t)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10 : UINT32_MAX;
}

/* What stands between "&#" and the semicolon. */
static bool read_number(const char *text, size_t len, uint32_t *out)
{
    uint32_t base = len > 0 && text[0] == 'x' ? 16 : 10, c = 0;
    size_t i = base == 16 ? 1 : 0;
    if (i == len)
        return false;
    for (; i < len; i++) {
        uint32_t digit = digit_of(text[i]);
        if (digit >= base || c > 0x10FFFF)
            return false;
        c = c * base + digit;
    }
    *out = c;
    return peri_chars_is_xml(c);
}

static bool read_entity(const char *text, size_t len, uint32_t *out)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++) {
        if (strlen(entities[i].name) != len || memcmp(entities[i].name, text, len) != 0)
            continue;
        *out = (uint32_t)entities[i].c;
        return true;
    }
    return false;
}

size_t peri_chars_reference(const char *bytes, size_t len, uint32_t *out)
{
    const char *end = memchr(bytes, ';', len);
    if (end == NULL || len < 2)
        return 0;
    size_t inside = (size_t)(end - bytes) - 1;
    bool is_good = inside > 0 && bytes[1] == '#' ? read_number(bytes + 2, inside - 1, out)
                                                 : read_entity(bytes + 1, inside, out);
    return is_good ? inside + 2 : 0;
}

bool peri_chars_may_be_reference(const char *bytes, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (bytes[i] != '#' && !(peri_chars_class[(unsigned char)bytes[i]] & PERI_CHARS_NAME))
            return false;
    return true;
}
