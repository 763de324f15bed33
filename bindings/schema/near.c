/* near.c: the nearest name of the schema to a misspelt one. */
#include "bindings/schema/near.h"

/* The best candidate so far. */
struct nearest {
    struct peri_str wanted;
    const char *name;
    size_t distance; /* one more than what is still accepted */
};

static struct nearest start(struct peri_str wanted)
{
    return (struct nearest){wanted, NULL, peri_str_tolerance(wanted.len) + 1};
}

static void consider(struct nearest *n, const char *name)
{
    if (n->distance == 0)
        return;
    size_t distance = peri_str_distance(n->wanted, peri_str_of(name), n->distance - 1);
    if (distance < n->distance) {
        n->distance = distance;
        n->name = name;
    }
}

static const struct peri_schema_type *base_of(const struct peri_schema_type *type)
{
    return type->base == PERI_SCHEMA_NONE ? NULL : peri_schema_type(type->base);
}

const char *peri_near_field(const struct peri_schema_type *type, struct peri_str name)
{
    struct nearest n = start(name);
    for (; type != NULL && type->kind != PERI_SCHEMA_ENUM; type = base_of(type))
        for (size_t i = 0; i < type->count; i++)
            consider(&n, peri_schema_name(peri_schema_own(type, i)->name));
    return n.name;
}

const char *peri_near_method(const struct peri_schema_type *type, struct peri_str name)
{
    struct nearest n = start(name);
    for (; type != NULL; type = base_of(type))
        for (uint16_t i = 0; i < type->method_count; i++)
            consider(&n, peri_schema_text(peri_schema_method((uint16_t)(type->method + i))->name));
    return n.name;
}

const char *peri_near_param(const struct peri_schema_method *m, struct peri_str name)
{
    struct nearest n = start(name);
    for (size_t i = 0; i < m->param_count; i++)
        consider(&n, peri_schema_name(peri_schema_param(m, i)->name));
    return n.name;
}

const char *peri_near_member(const struct peri_schema_type *type, struct peri_str name)
{
    struct nearest n = start(name);
    for (size_t i = 0; i < type->count; i++)
        consider(&n, peri_schema_member(type, i));
    return n.name;
}

static bool knows(uint8_t service, const struct peri_schema_type *type)
{
    return service == PERI_SCHEMA_ANY_SERVICE || type->service == service ||
           type->service == PERI_SCHEMA_CORE;
}

const char *peri_near_type(uint8_t service, const struct peri_schema_type *base,
                           struct peri_str name)
{
    struct nearest n = start(name);
    for (size_t i = PERI_SCHEMA_BUILTINS; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *type = peri_schema_type((uint16_t)i);
        if (knows(service, type) &&
            (base == NULL || base->kind == PERI_SCHEMA_ANY || peri_schema_is(type, base)))
            consider(&n, peri_schema_type_name(type));
    }
    return n.name;
}
