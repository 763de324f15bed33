/* sink.h: where decoded values go.
 *
 * A decoder calls open and close in pairs, and put in between, so that values nest. Any of the
 * calls may leave by a long jump: the decoder can then only be freed. */
#ifndef PERI_SINK_H
#define PERI_SINK_H

#include "bindings/schema/schema.h"
#include "bindings/soap/scalar.h"

/* Where in the innermost open value a value belongs. */
enum peri_sink_place_kind {
    PERI_PLACE_ROOT,  /* nowhere: it is what was asked for */
    PERI_PLACE_FIELD, /* the field of that number's name */
    PERI_PLACE_NAME,  /* under a name */
    PERI_PLACE_EXTRA, /* under a name the schema lacks, perhaps once more: then as a list */
    PERI_PLACE_ITEM   /* at that index, from 1, of a list */
};

struct peri_sink_place {
    enum peri_sink_place_kind kind;
    uint32_t number;
    struct peri_str name; /* valid during put and open; close does not have it */
};

/* What is opened: a list, or else an object. */
struct peri_sink_shape {
    const struct peri_schema_type *type; /* of the object, or of the list's elements; may be NULL */
    struct peri_str type_name; /* to be kept with the value; empty unless it must be told */
    bool is_list;
    bool is_again; /* may be there already, and is then continued */
};

struct peri_sink {
    void *arg;
    /* Adds a value without parts. Strings are valid during the call. */
    void (*put)(void *arg, const struct peri_sink_place *place, const struct peri_scalar *value);
    /* Begins an object or a list; returns how many elements it has already. */
    uint32_t (*open)(void *arg, const struct peri_sink_place *place,
                     const struct peri_sink_shape *shape);
    /* Ends it; count: elements, or fields put into the object. */
    void (*close)(void *arg, const struct peri_sink_place *place,
                  const struct peri_sink_shape *shape, uint32_t count);
};

#endif
