/* alloc.h: small allocations that cannot fail: without memory the process ends with a message.
 *
 * An abort is no worse than a power cut, which a run survives. Sizes that come from outside
 * (bodies, files) go through peri_buf, which has a ceiling and returns an error instead. */
#ifndef PERI_ALLOC_H
#define PERI_ALLOC_H

#include <stddef.h>

#if defined(__GNUC__)
#define PERI_MUST_USE __attribute__((warn_unused_result))
#define PERI_PRINTF(at, first) __attribute__((format(printf, at, first)))
/* A large local that is filled before it is read; others are zeroed, which takes time. */
#define PERI_UNINITIALIZED __attribute__((uninitialized))
#else
#define PERI_MUST_USE
#define PERI_PRINTF(at, first)
#define PERI_UNINITIALIZED
#endif

/* Returns size zeroed bytes, owned by the caller, freed with peri_free. Never NULL. */
PERI_MUST_USE void *peri_alloc(size_t size);

/* Returns count * size zeroed bytes, as peri_alloc; an overflow of the product aborts. */
PERI_MUST_USE void *peri_alloc_array(size_t count, size_t size);

/* Resizes what peri_alloc returned (or NULL) to size bytes; new bytes are not zeroed. Never NULL.
 */
PERI_MUST_USE void *peri_realloc(void *old, size_t size);

/* Returns a copy of a string, freed with peri_free; NULL for NULL. */
PERI_MUST_USE char *peri_strdup(const char *string);

/* Frees what the functions above returned; NULL is fine. */
void peri_free(void *memory);

#endif
