/* shape.h: what a table may have: the fields of a data type, or the parameters of a method. */
#ifndef PERI_SHAPE_H
#define PERI_SHAPE_H

#include "bindings/schema/schema.h"

enum {
    PERI_SHAPE_FIELDS = 256, /* at most, which the schema's compiler checks */
    PERI_SHAPE_WORDS = PERI_SHAPE_FIELDS / 64
};

/* Both NULL: it has no fields. */
struct peri_shape {
    const struct peri_schema_type *type;
    const struct peri_schema_method *method;
};

/* How many fields there are. */
size_t peri_shape_count(const struct peri_shape *s);

/* The i-th of them, in the order of the wire. */
const struct peri_schema_field *peri_shape_field(const struct peri_shape *s, size_t i);

/* The place of a name among them, or -1. */
int peri_shape_find(const struct peri_shape *s, uint16_t name);

#endif
