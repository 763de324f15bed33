/* near.h: the nearest name of the schema to a misspelt one.
 *
 * Each returns a name of the tables, or NULL when none is near enough to be meant. They compare
 * with every candidate: for messages, not for the way of a request that is right. */
#ifndef PERI_NEAR_H
#define PERI_NEAR_H

#include "bindings/schema/schema.h"

/* Among all fields of a data type, or all properties of a managed one. */
const char *peri_near_field(const struct peri_schema_type *type, struct peri_str name);

/* Among the methods of a managed type, inherited ones included. */
const char *peri_near_method(const struct peri_schema_type *type, struct peri_str name);

/* Among the parameters of a method. */
const char *peri_near_param(const struct peri_schema_method *m, struct peri_str name);

/* Among the members of an enum. */
const char *peri_near_member(const struct peri_schema_type *type, struct peri_str name);

/* Among the types that are or extend base, of those that a service knows; among all of these if
 * base is NULL or anyType. */
const char *peri_near_type(uint8_t service, const struct peri_schema_type *base,
                           struct peri_str name);

#endif
