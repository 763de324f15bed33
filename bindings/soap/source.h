/* source.h: where the values to encode come from.
 *
 * A source is at one table at a time, an object or a list. Asking for a part that is itself a table
 * goes into it, until leave. Any of the calls may leave by a long jump. */
#ifndef PERI_SOURCE_H
#define PERI_SOURCE_H

#include "bindings/soap/scalar.h"

enum peri_source_found {
    PERI_SOURCE_NOTHING,
    PERI_SOURCE_SCALAR, /* written to out; its strings are valid while the table is not left */
    PERI_SOURCE_TABLE   /* and the source is at it now */
};

struct peri_source_key {
    uint16_t number;      /* of a field's name, PERI_SCHEMA_NONE when it is none */
    bool is_index;        /* it is an integer */
    struct peri_str name; /* the key as text; of an index: empty */
};

/* What is not held against the schema: an object, which may have pairs of name and value in its
 * list part, or a text that stands for a value. */
enum peri_source_mark { PERI_SOURCE_CHECKED, PERI_SOURCE_UNCHECKED, PERI_SOURCE_TEXT };

struct peri_source {
    void *arg;
    /* The value as a whole; called first and once. */
    enum peri_source_found (*root)(void *arg, struct peri_scalar *out);
    /* What the table has under a field's name, or at an index from 1. */
    enum peri_source_found (*field)(void *arg, uint16_t name, struct peri_scalar *out);
    enum peri_source_found (*item)(void *arg, uint32_t index, struct peri_scalar *out);
    /* Goes back to the table around this one. */
    void (*leave)(void *arg);
    /* How many elements the table has as a list. */
    uint32_t (*length)(void *arg);
    /* The name that the table gives its type; false when it gives none. Valid like strings. */
    bool (*type_name)(void *arg, struct peri_str *out);
    /* Whether the table is checked; the text is written to out, and valid like strings. */
    enum peri_source_mark (*mark)(void *arg, struct peri_str *out);
    /* Shows each key of the table but that of the type's name to visit, until it returns false;
     * whether it never did. */
    bool (*keys)(void *arg, bool (*visit)(void *context, const struct peri_source_key *key),
                 void *context);
};

#endif
