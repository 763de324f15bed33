/* leaf.h: the text of an element to a value without parts. */
#ifndef PERI_LEAF_H
#define PERI_LEAF_H

#include "bindings/soap/scalar.h"
#include "bindings/soap/scan.h"
#include "runtime/base/buf.h"

/* Reads a leaf that was declared to be of a type, which is no data type; NULL when unknown, then it
 * is a reference or a string. What is empty and needs a text becomes PERI_SCALAR_NONE. Strings
 * point into the token, those of base64 into binary. Errors: PERI_E_SOAP_XML, PERI_E_LIMIT. */
bool peri_leaf_read(const struct peri_scan_token *token, const struct peri_schema_type *type,
                    struct peri_buf *binary, struct peri_scalar *out, struct peri_error *err);

/* The builtin type as which a scalar is encoded where any type may stand. */
const struct peri_schema_type *peri_leaf_type(const struct peri_scalar *value);

#endif
