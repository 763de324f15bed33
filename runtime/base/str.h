/* str.h: slices of bytes, and the nearest name to a misspelt one. */
#ifndef PERI_STR_H
#define PERI_STR_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that somebody else owns; not NUL-terminated. */
struct peri_str {
    const char *data;
    size_t len;
};

/* The slice of a NUL-terminated string. */
struct peri_str peri_str_of(const char *string);

/* Whether a and b hold the same bytes. */
bool peri_str_equal(struct peri_str a, struct peri_str b);

/* The edits (insert, delete, replace, swap of neighbours; case is free) that turn a into b,
 * or limit + 1 when it takes more than limit. Names over 64 bytes are never near. */
size_t peri_str_distance(struct peri_str a, struct peri_str b, size_t limit);

/* How many edits still count as a misspelling of a name of that length: a third of it, at most 3.
 */
size_t peri_str_tolerance(size_t len);

#endif
