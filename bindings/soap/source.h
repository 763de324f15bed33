/* source.h: where the values to encode come from.
 *
 * Tables, objects or lists, go by handles, which the source gives with the values they are. What
 * was got from a table is there until the table is let go. Any of the calls may leave by a long
 * jump. */
#ifndef PERI_SOURCE_H
#define PERI_SOURCE_H

#include "bindings/soap/scalar.h"
#include "bindings/soap/shape.h"

enum peri_source_found { PERI_SOURCE_NOTHING, PERI_SOURCE_SCALAR, PERI_SOURCE_TABLE };

struct peri_source_value {
    enum peri_source_found found;
    int table;                 /* its handle, if it is one */
    struct peri_scalar scalar; /* if it is one; its strings are valid like handles */
};

struct peri_source_key {
    bool is_index;        /* it is an integer */
    struct peri_str name; /* the key as text; of an index: empty */
};

/* What a table has of a shape's fields. */
struct peri_source_fields {
    size_t first;                    /* the value of the i-th field is source->values[first + i] */
    int top;                         /* the source's own */
    uint64_t seen[PERI_SHAPE_WORDS]; /* the fields that are there, a bit each */
    uint64_t missing[PERI_SHAPE_WORDS]; /* those that must be there and are not */
};

/* What is not held against the schema: an object, which may have pairs of name and value in its
 * list part, or a text that stands for a value. */
enum peri_source_mark { PERI_SOURCE_CHECKED, PERI_SOURCE_UNCHECKED, PERI_SOURCE_TEXT };

/* What a table says it is. */
struct peri_source_type {
    struct peri_str name;                /* valid like handles */
    const struct peri_schema_type *type; /* what it means in the service; NULL: nothing */
};

struct peri_source {
    void *arg;
    /* Values of fields; moved by fields, so none is pointed to across that. */
    struct peri_source_value *values;
    /* The value as a whole; called first and once. */
    void (*root)(void *arg, struct peri_source_value *out);
    /* Takes a table's fields out of it. False when it has one that the shape lacks: unknown says
     * which. Integer keys are such, unless it may have a list part. Let go of by leave_fields. */
    bool (*fields)(void *arg, int table, const struct peri_shape *shape, bool may_have_list,
                   struct peri_source_fields *out, struct peri_source_key *unknown);
    void (*leave_fields)(void *arg, const struct peri_source_fields *fields);
    /* What the table has at an index from 1, or under a name; let go of by leave_item. */
    void (*item)(void *arg, int table, uint32_t index, struct peri_source_value *out);
    void (*named)(void *arg, int table, const char *name, struct peri_source_value *out);
    void (*leave_item)(void *arg, const struct peri_source_value *item);
    /* Whether the table has the keys of a list and no others; then length is how many. */
    bool (*is_list)(void *arg, int table, uint32_t *length);
    /* The type that the table says it is of; false when it says none. */
    bool (*type)(void *arg, int table, uint8_t service, struct peri_source_type *out);
    /* Whether the table is checked; the text is written to out, and valid like handles. */
    enum peri_source_mark (*mark)(void *arg, int table, struct peri_str *out);
};

#endif
