/* buf.h: bytes that grow up to a ceiling. One owner, one thread. */
#ifndef PERI_BUF_H
#define PERI_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

struct peri_buf {
    char *data;     /* followed by a NUL; NULL while nothing was added */
    size_t len;     /* bytes, without the NUL */
    size_t size;    /* bytes allocated */
    size_t ceiling; /* bytes; from limits.h */
};

/* Makes b empty; allocates nothing. */
void peri_buf_init(struct peri_buf *b, size_t ceiling);

/* Frees the bytes; b may be empty, and is empty after. */
void peri_buf_deinit(struct peri_buf *b);

/* Forgets the bytes but keeps the memory for the next ones. */
void peri_buf_clear(struct peri_buf *b);

/* Appends a copy of n bytes. Past the ceiling: PERI_E_LIMIT, b unchanged. Callbacks may call it. */
PERI_MUST_USE bool peri_buf_add(struct peri_buf *b, const void *bytes, size_t n,
                                struct peri_error *err);

/* Appends a copy of a string, without its NUL; as peri_buf_add. */
PERI_MUST_USE bool peri_buf_puts(struct peri_buf *b, const char *string, struct peri_error *err);

/* As peri_buf_extend, which see. */
PERI_MUST_USE char *peri_buf_grow(struct peri_buf *b, size_t n, struct peri_error *err);

/* Appends n bytes that the caller fills at once, where it points to; NULL as peri_buf_add is false.
 */
PERI_MUST_USE static inline char *peri_buf_extend(struct peri_buf *b, size_t n,
                                                  struct peri_error *err)
{
    if (n >= b->size - b->len || n > b->ceiling - b->len)
        return peri_buf_grow(b, n, err);
    char *added = b->data + b->len;
    b->len += n;
    b->data[b->len] = '\0';
    return added;
}

/* Makes room for n more bytes, where there is memory for them. */
void peri_buf_expect(struct peri_buf *b, size_t n);

/* Passes the bytes to the caller, who frees them with peri_free; b is empty again.
 * len, unless NULL, receives their number. NULL when nothing was added. */
char *peri_buf_take(struct peri_buf *b, size_t *len);

#endif
