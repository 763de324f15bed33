/* error.c: filling an error, and the list of codes. */
#include "runtime/base/error.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/check.h"

static const struct peri_error_info infos[PERI_E_COUNT] = {
#define PERI_CODE(enumerator, name, exit, meaning) [PERI_E_##enumerator] = {name, exit, meaning},
#include "runtime/base/codes.def"
#undef PERI_CODE
};

PERI_PRINTF(3, 0)
static void set_message(struct peri_error *err, enum peri_error_code code, const char *format,
                        va_list args)
{
    err->code = code;
    err->path[0] = err->hint[0] = err->detail[0] = '\0';
    vsnprintf(err->message, sizeof(err->message), format, args);
}

bool peri_error_set(struct peri_error *err, enum peri_error_code code, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list args;
    va_start(args, format);
    set_message(err, code, format, args);
    va_end(args);
    return false;
}

bool peri_error_errno(struct peri_error *err, int number, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list args;
    va_start(args, format);
    set_message(err, PERI_E_IO, format, args);
    va_end(args);
    char words[128];
    if (strerror_r(number, words, sizeof(words)) != 0)
        snprintf(words, sizeof(words), "error %d", number);
    size_t used = strlen(err->message);
    snprintf(err->message + used, sizeof(err->message) - used, ": %s", words);
    return false;
}

bool peri_error_hint(struct peri_error *err, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list args;
    va_start(args, format);
    vsnprintf(err->hint, sizeof(err->hint), format, args);
    va_end(args);
    return false;
}

/* Appends a line to text, of size bytes. */
PERI_PRINTF(3, 0)
static void add_line(char *text, size_t size, const char *format, va_list args)
{
    size_t used = strlen(text);
    if (used > 0 && used + 1 < size)
        text[used++] = '\n';
    vsnprintf(text + used, size - used, format, args);
}

bool peri_error_advise(struct peri_error *err, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list args;
    va_start(args, format);
    add_line(err->hint, sizeof(err->hint), format, args);
    va_end(args);
    return false;
}

bool peri_error_detail(struct peri_error *err, const char *format, ...)
{
    if (err == NULL)
        return false;
    va_list args;
    va_start(args, format);
    add_line(err->detail, sizeof(err->detail), format, args);
    va_end(args);
    return false;
}

const struct peri_error_info *peri_error_info(enum peri_error_code code)
{
    peri_assert(code > PERI_E_NONE && code < PERI_E_COUNT);
    return &infos[code];
}
