/* prefixes.c: which namespace a prefix stands for. */
#include "bindings/soap/prefixes.h"

#include "runtime/base/alloc.h"

enum { FIRST_PREFIXES = 8 };

void peri_prefixes_deinit(struct peri_prefixes *p)
{
    peri_free(p->list);
    *p = (struct peri_prefixes){0};
}

void peri_prefixes_add(struct peri_prefixes *p, const char *prefix, const char *uri)
{
    if (p->count == p->size) {
        p->size = p->size == 0 ? FIRST_PREFIXES : p->size * 2;
        p->list = peri_realloc(p->list, p->size * sizeof(*p->list));
    }
    p->list[p->count++] = (struct peri_prefixes_entry){prefix, uri};
}

const char *peri_prefixes_find(const struct peri_prefixes *p, const char *prefix)
{
    for (size_t i = p->count; i > 0; i--)
        if (p->list[i - 1].prefix == prefix)
            return p->list[i - 1].uri;
    return NULL;
}
