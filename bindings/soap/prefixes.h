/* prefixes.h: which namespace a prefix stands for, element by element. */
#ifndef PERI_PREFIXES_H
#define PERI_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>

/* All strings are kept in one vocabulary, and are compared by pointer. */
struct peri_prefixes_entry {
    const char *prefix; /* NULL: of names without */
    const char *uri;
};

struct peri_prefixes {
    struct peri_prefixes_entry *list; /* the innermost last */
    size_t count, size;
};

/* Frees what it holds. */
void peri_prefixes_deinit(struct peri_prefixes *p);

/* Adds what an element declares. */
void peri_prefixes_add(struct peri_prefixes *p, const char *prefix, const char *uri);

/* What a prefix stands for; NULL when it was not declared. */
const char *peri_prefixes_find(const struct peri_prefixes *p, const char *prefix);

#endif
