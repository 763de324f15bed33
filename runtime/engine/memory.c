/* memory.c: the memory of a Lua state. */
#include "runtime/engine/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/alloc.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SLABS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SLABS 0
#endif
#endif
#ifndef HAS_SLABS
#define HAS_SLABS 1
#endif

enum {
    GRAIN = 8, /* sizes are multiples of it, and addresses: Lua's own types need no more */
    SMALL = 512,
    CLASSES = SMALL / GRAIN,
    SLAB = 64 * 1024,
    LARGE_PART = 16, /* of the limit: from there on the memory is large */
    PAUSE = 400,
    PAUSE_LARGE = 150
};

struct block { /* one that is free */
    struct block *next;
};

struct slab {
    struct slab *next;
    unsigned char bytes[SLAB - GRAIN];
};

struct peri_memory {
    size_t used, limit, slab_bytes;
    unsigned char *fresh, *end;     /* what is left of the newest slab */
    struct block *dropped[CLASSES]; /* by size, in grains, less one */
    struct slab *slabs;
};

struct peri_memory *peri_memory_new(size_t limit)
{
    struct peri_memory *m = peri_alloc(sizeof(*m));
    m->limit = limit;
    return m;
}

void peri_memory_free(struct peri_memory *m)
{
    if (m == NULL)
        return;
    while (m->slabs != NULL) {
        struct slab *slab = m->slabs;
        m->slabs = slab->next;
        free(slab);
    }
    peri_free(m);
}

static bool is_small(size_t size)
{
    return HAS_SLABS && size <= SMALL;
}

static size_t class_of(size_t size)
{
    return (size - 1) / GRAIN;
}

static void drop(struct peri_memory *m, void *memory, size_t size)
{
    struct block *block = memory;
    struct block **list = &m->dropped[class_of(size)];
    block->next = *list;
    *list = block;
}

/* What is left of the slab becomes blocks of one grain each: nothing is lost. */
static bool add_slab(struct peri_memory *m)
{
    struct slab *slab = malloc(sizeof(*slab));
    if (slab == NULL)
        return false;
    for (; m->fresh != m->end; m->fresh += GRAIN)
        drop(m, m->fresh, GRAIN);
    slab->next = m->slabs;
    m->slabs = slab;
    m->slab_bytes += sizeof(*slab);
    m->fresh = slab->bytes;
    m->end = slab->bytes + sizeof(slab->bytes);
    return true;
}

static void *cut(struct peri_memory *m, size_t size)
{
    size_t bytes = (class_of(size) + 1) * GRAIN;
    if ((size_t)(m->end - m->fresh) < bytes && !add_slab(m))
        return NULL;
    void *memory = m->fresh;
    m->fresh += bytes;
    return memory;
}

static void *take(struct peri_memory *m, size_t size)
{
    if (!is_small(size))
        return malloc(size);
    struct block **list = &m->dropped[class_of(size)];
    struct block *block = *list;
    if (block == NULL)
        return cut(m, size);
    *list = block->next;
    return block;
}

static void give_back(struct peri_memory *m, void *memory, size_t size)
{
    if (is_small(size))
        drop(m, memory, size);
    else
        free(memory);
}

static void *resize(struct peri_memory *m, void *old, size_t old_size, size_t size)
{
    if (!is_small(old_size) && !is_small(size))
        return realloc(old, size);
    if (is_small(old_size) && is_small(size) && class_of(old_size) == class_of(size))
        return old;
    void *memory = take(m, size);
    if (memory == NULL) /* Lua counts on it that what shrinks does not fail: it stays too large */
        return size < old_size ? old : NULL;
    memcpy(memory, old, old_size < size ? old_size : size);
    give_back(m, old, old_size);
    return memory;
}

void *peri_memory_allocate(void *arg, void *old, size_t old_size, size_t size)
{
    struct peri_memory *m = arg;
    size_t held = old == NULL ? 0 : old_size; /* of a new object, old_size is its type */
    if (size == 0) {
        if (old != NULL)
            give_back(m, old, held);
        m->used -= held;
        return NULL;
    }
    if (size > held && size - held > m->limit - m->used)
        return NULL;
    void *memory = old == NULL ? take(m, size) : resize(m, old, held, size);
    if (memory != NULL)
        m->used += size - held;
    return memory;
}

int peri_memory_pause(const struct peri_memory *m)
{
    return m->used < m->limit / LARGE_PART ? PAUSE : PAUSE_LARGE;
}

size_t peri_memory_used(const struct peri_memory *m)
{
    return m->used;
}

size_t peri_memory_slabs(const struct peri_memory *m)
{
    return m->slab_bytes;
}
