/* memory.h: the memory of a Lua state: small blocks by size, with a ceiling over all of it.
 *
 * Lua makes and drops millions of blocks of a few sizes. Those of up to 512 bytes are cut from
 * slabs and kept in a list for each size when they are dropped; a slab is given back when all of
 * the memory is. Larger ones are the C library's, and so are all of them under AddressSanitizer,
 * which then sees each. */
#ifndef PERI_MEMORY_H
#define PERI_MEMORY_H

#include <stddef.h>

struct peri_memory;

/* Returns an empty memory from which at most limit bytes are handed out at a time, freed with
 * peri_memory_free. */
struct peri_memory *peri_memory_new(size_t limit);

/* Frees it and every small block that is still in use; NULL is fine. */
void peri_memory_free(struct peri_memory *m);

/* A lua_Alloc; arg is the memory. NULL past the limit or when the system has no more; what was
 * there stays as it is then. */
void *peri_memory_allocate(void *arg, void *old, size_t old_size, size_t size);

/* How far the memory may grow, in per cent, between two collections of garbage: a collection of
 * what is mostly in use is wasted, but a large memory may not grow by much. */
int peri_memory_pause(const struct peri_memory *m);

/* Bytes that are handed out, and bytes of the slabs. */
size_t peri_memory_used(const struct peri_memory *m);
size_t peri_memory_slabs(const struct peri_memory *m);

#endif
