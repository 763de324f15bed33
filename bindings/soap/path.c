/* path.c: the place of a value inside another. */
#include "bindings/soap/path.h"

#include <stdio.h>

static bool push(struct peri_path *p, const char *name, uint32_t index)
{
    if (p->count == PERI_PATH_MAX)
        return false;
    p->parts[p->count].name = name;
    p->parts[p->count].index = index;
    p->count++;
    return true;
}

bool peri_path_push_name(struct peri_path *p, const char *name)
{
    return push(p, name, 0);
}

bool peri_path_push_index(struct peri_path *p, uint32_t index)
{
    return push(p, NULL, index);
}

void peri_path_pop(struct peri_path *p)
{
    p->count--;
}

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
