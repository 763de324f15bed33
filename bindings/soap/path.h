/* path.h: the place of a value inside another, as spec.deviceChange[2].device. */
#ifndef PERI_PATH_H
#define PERI_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/limits.h"

/* Every table on the way has at most a name and an index. */
#define PERI_PATH_MAX ((size_t)2 * PERI_LIMIT_VALUE_DEPTH)

struct peri_path {
    size_t count;
    struct {
        const char *name; /* NULL: an index; borrowed */
        uint32_t index;   /* from 1 */
    } parts[PERI_PATH_MAX];
};

/* Goes into a name or an index. False, and nothing changed, when that would be too deep. */
static inline bool peri_path_push(struct peri_path *p, const char *name, uint32_t index)
{
    if (p->count == PERI_PATH_MAX)
        return false;
    p->parts[p->count].name = name;
    p->parts[p->count++].index = index;
    return true;
}

/* Goes into a name, which is borrowed; as peri_path_push. */
static inline bool peri_path_push_name(struct peri_path *p, const char *name)
{
    return peri_path_push(p, name, 0);
}

/* Goes into an index, from 1; as peri_path_push. */
static inline bool peri_path_push_index(struct peri_path *p, uint32_t index)
{
    return peri_path_push(p, NULL, index);
}

/* Goes back out of the last one. */
static inline void peri_path_pop(struct peri_path *p)
{
    p->count--;
}

/* Writes it as text, cut at size. */
void peri_path_write(const struct peri_path *p, char *out, size_t size);

#endif
