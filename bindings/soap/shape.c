/* shape.c: what a table may have. */
#include "bindings/soap/shape.h"

size_t peri_shape_count(const struct peri_shape *s)
{
    if (s->type != NULL)
        return s->type->slot_count;
    return s->method == NULL ? 0 : s->method->param_count;
}

const struct peri_schema_field *peri_shape_field(const struct peri_shape *s, size_t i)
{
    return s->type != NULL ? peri_schema_slot(s->type, i) : peri_schema_param(s->method, i);
}

int peri_shape_find(const struct peri_shape *s, uint16_t name)
{
    if (s->type != NULL)
        return peri_schema_find_slot(s->type, name);
    for (size_t i = 0; i < peri_shape_count(s); i++)
        if (peri_shape_field(s, i)->name == name)
            return (int)i;
    return -1;
}
