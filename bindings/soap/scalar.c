/* scalar.c: the texts of booleans and numbers. */
#include "bindings/soap/scalar.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static struct peri_str trim(struct peri_str text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}

static bool is(struct peri_str text, const char *word)
{
    return peri_str_equal(text, peri_str_of(word));
}

bool peri_scalar_read_boolean(struct peri_str text, bool *out)
{
    text = trim(text);
    bool is_true = is(text, "true") || is(text, "1");
    if (!is_true && !is(text, "false") && !is(text, "0"))
        return false;
    *out = is_true;
    return true;
}

bool peri_scalar_read_integer(struct peri_str text, int64_t *out)
{
    text = trim(text);
    bool is_negative = text.len > 0 && text.data[0] == '-';
    size_t i = is_negative || (text.len > 0 && text.data[0] == '+') ? 1 : 0;
    uint64_t limit = (uint64_t)INT64_MAX + (is_negative ? 1 : 0), value = 0;
    if (i == text.len)
        return false;
    for (; i < text.len; i++) {
        unsigned digit = (unsigned)(text.data[i] - '0');
        if (digit > 9 || value > (limit - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

static bool read_special(struct peri_str text, double *out)
{
    if (is(text, "INF") || is(text, "+INF"))
        *out = (double)INFINITY;
    else if (is(text, "-INF"))
        *out = -(double)INFINITY;
    else if (is(text, "NaN"))
        *out = (double)NAN;
    else
        return false;
    return true;
}

/* The C library reads and writes numbers as the thread's locale says; ours is always "C". */
static locale_t enter_c_locale(locale_t *c)
{
    *c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    return *c == (locale_t)0 ? (locale_t)0 : uselocale(*c);
}

static void leave_c_locale(locale_t c, locale_t before)
{
    if (c == (locale_t)0)
        return;
    uselocale(before);
    freelocale(c);
}

bool peri_scalar_read_number(struct peri_str text, double *out)
{
    text = trim(text);
    char copy[64], *end = NULL;
    if (read_special(text, out))
        return true;
    if (text.len == 0 || text.len >= sizeof(copy))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (strspn(copy, "0123456789+-.eE") != text.len)
        return false;
    locale_t c, before = enter_c_locale(&c);
    double value = strtod(copy, &end);
    leave_c_locale(c, before);
    if (end != copy + text.len)
        return false;
    *out = value;
    return true;
}

size_t peri_scalar_write_integer(int64_t value, char out[PERI_SCALAR_NUMBER_SIZE])
{
    char reversed[PERI_SCALAR_NUMBER_SIZE];
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t n = 0, len = 0;
    do {
        reversed[n++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        out[len++] = '-';
    while (n > 0)
        out[len++] = reversed[--n];
    out[len] = '\0';
    return len;
}

static bool reads_back(const char *text, double value, bool is_single)
{
    double read = strtod(text, NULL);
    return is_single ? (float)read == (float)value : read == value;
}

static size_t write_digits(double value, bool is_single, char out[PERI_SCALAR_NUMBER_SIZE])
{
    int most = is_single ? 9 : 17, len = 0;
    for (int digits = is_single ? 6 : 15; digits <= most; digits++) {
        len = snprintf(out, PERI_SCALAR_NUMBER_SIZE, "%.*g", digits, value);
        if (reads_back(out, value, is_single))
            break;
    }
    return (size_t)len;
}

size_t peri_scalar_write_number(double value, bool is_single, char out[PERI_SCALAR_NUMBER_SIZE])
{
    const char *special = isnan(value) ? "NaN" : isinf(value) ? (value > 0 ? "INF" : "-INF") : NULL;
    if (special != NULL)
        return (size_t)snprintf(out, PERI_SCALAR_NUMBER_SIZE, "%s", special);
    locale_t c, before = enter_c_locale(&c);
    size_t len = write_digits(value, is_single, out);
    leave_c_locale(c, before);
    return len;
}
