/* property.h: following property paths through the schema.
 *
 * A path is names with dots between them; that of an array may have a key, and needs one where the
 * path goes on: device[4000].backing, extraConfig["a.b"].value. It starts at a managed type and
 * goes on through data types; it cannot pass a reference to another object. */
#ifndef PERI_PROPERTY_H
#define PERI_PROPERTY_H

#include "bindings/schema/schema.h"

/* What a property path leads to. */
struct peri_property {
    const struct peri_schema_type *type;
    const struct peri_schema_field *field; /* of the last name in the path */
    const struct peri_schema_type *at;     /* where the next name is looked for; NULL if nowhere */
    size_t good;                           /* bytes of the path that were understood */
    uint8_t flags;                         /* of the value: an element of an array is none */
    uint8_t since;                         /* the newest version number on the way */
};

/* Follows a path from a managed (or data) type. Fields of types that extend the declared one count
 * too. False when a part is unknown: out->good and out->at tell which. */
bool peri_property_find(const struct peri_schema_type *type, struct peri_str path,
                        struct peri_property *out);

/* A type that is base or extends it, and has a field of this name; NULL if there is none. */
const struct peri_schema_type *peri_property_subtype(const struct peri_schema_type *base,
                                                     struct peri_str name);

#endif
