/* wide.h: UTF-8 to wide characters and back. */
#ifndef PERI_WIDE_H
#define PERI_WIDE_H

#include <stddef.h>
#include <wchar.h>

/* What stands where bytes were no UTF-8. */
#define PERI_WIDE_UNKNOWN ((wchar_t)0xfffd)

/* Reads the character at bytes; returns how many it takes, 0 if the end cuts it off. What is no
 * UTF-8 is one byte each, PERI_WIDE_UNKNOWN. len is not 0. */
size_t peri_wide_decode(const char *bytes, size_t len, wchar_t *c);

/* The len bytes as wide characters with a NUL behind, freed with peri_free; count receives how
 * many. A character that the end cuts off is unknown. */
wchar_t *peri_wide_of(const char *bytes, size_t len, size_t *count);

/* count wide characters as UTF-8 with a NUL behind, freed with peri_free; len receives its bytes.
 */
char *peri_wide_utf8(const wchar_t *text, size_t count, size_t *len);

#endif
