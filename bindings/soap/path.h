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
bool peri_path_push_name(struct peri_path *p, const char *name);
bool peri_path_push_index(struct peri_path *p, uint32_t index);

/* Goes back out of the last one. */
void peri_path_pop(struct peri_path *p);

/* Writes it as text, cut at size. */
void peri_path_write(const struct peri_path *p, char *out, size_t size);

#endif
