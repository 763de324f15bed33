/* path.c: the place of a value inside another. */
#include "bindings/soap/path.h"

#include <stdio.h>

void peri_path_write(const struct peri_path *p, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < p->count && used < size; i++) {
        const char *name = p->parts[i].name;
        int len = name == NULL ? snprintf(out + used, size - used, "[%u]", p->parts[i].index)
                               : snprintf(out + used, size - used, "%s%s", i == 0 ? "" : ".", name);
        used += (size_t)len;
    }
}
