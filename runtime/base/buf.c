/* buf.c: bytes that grow up to a ceiling. */
#include "runtime/base/buf.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 64 };

void peri_buf_init(struct peri_buf *b, size_t ceiling)
{
    *b = (struct peri_buf){.ceiling = ceiling};
}

void peri_buf_deinit(struct peri_buf *b)
{
    peri_free(b->data);
    peri_buf_init(b, b->ceiling);
}

void peri_buf_clear(struct peri_buf *b)
{
    b->len = 0;
    if (b->data != NULL)
        b->data[0] = '\0';
}

/* Makes room for needed bytes and a NUL, doubling so that n appends cost O(n). */
static bool reserve(struct peri_buf *b, size_t needed, struct peri_error *err)
{
    if (needed < b->size)
        return true;
    size_t size = b->size == 0 ? FIRST_SIZE : b->size;
    while (size <= needed)
        size *= 2;
    char *data = realloc(b->data, size);
    if (data == NULL)
        return peri_error_set(err, PERI_E_LIMIT, "no memory for %zu bytes", size);
    b->data = data;
    b->size = size;
    return true;
}

bool peri_buf_add(struct peri_buf *b, const void *bytes, size_t n, struct peri_error *err)
{
    if (n > b->ceiling || b->len > b->ceiling - n)
        return peri_error_set(err, PERI_E_LIMIT, "more than %zu bytes", b->ceiling);
    if (!reserve(b, b->len + n, err))
        return false;
    if (n > 0)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
    return true;
}

char *peri_buf_grow(struct peri_buf *b, size_t n, struct peri_error *err)
{
    if (n > b->ceiling || b->len > b->ceiling - n) {
        peri_error_set(err, PERI_E_LIMIT, "more than %zu bytes", b->ceiling);
        return NULL;
    }
    if (!reserve(b, b->len + n, err))
        return NULL;
    char *added = b->data + b->len;
    b->len += n;
    b->data[b->len] = '\0';
    return added;
}

void peri_buf_expect(struct peri_buf *b, size_t n)
{
    struct peri_error err;
    if (n <= b->ceiling && b->len <= b->ceiling - n && reserve(b, b->len + n, &err) && b->len == 0)
        b->data[0] = '\0';
}

bool peri_buf_puts(struct peri_buf *b, const char *string, struct peri_error *err)
{
    return peri_buf_add(b, string, strlen(string), err);
}

char *peri_buf_take(struct peri_buf *b, size_t *len)
{
    char *data = b->data;
    if (len != NULL)
        *len = b->len;
    peri_buf_init(b, b->ceiling);
    return data;
}
