/* encode.h: a call and its arguments to the XML of a request, checked against the schema.
 *
 * Nothing leaves that a server would have to refuse: elements stand in the schema's order, required
 * ones are there, names and enum members are known, values are of their types and in range, types
 * are told where they are not the declared ones, and all of it exists in the server's API version.
 *
 * What is called unchecked may have more: names that the schema lacks or that are newer than the
 * server's version, as pairs in the order in which they are to stand, and values of any type.
 */
#ifndef PERI_ENCODE_H
#define PERI_ENCODE_H

#include "bindings/schema/schema.h"
#include "bindings/soap/envelope.h"
#include "bindings/soap/source.h"

struct peri_encode_call {
    const struct peri_schema_method *method; /* NULL: the schema lacks it, which is_unchecked */
    const char *name;                        /* of the method */
    struct peri_scalar self;                 /* a reference: the object it is called on */
    bool is_unchecked;
    uint8_t service;
    uint8_t version;               /* number of the service's API version; 0: not known */
    uint8_t core_version;          /* of the core's, where the service is another */
    struct peri_envelope envelope; /* of the request */
};

/* Appends a whole request. The source's root is a table with the arguments by name, or nothing.
 * Errors name the place in err->path, as spec.deviceChange[2].device.key, and what to write instead
 * in err->hint: PERI_E_SOAP_FIELD, _TYPE, _REQUIRED, _RANGE, _METHOD, PERI_E_LIMIT; then out holds
 * part of the request. */
bool peri_encode_request(const struct peri_encode_call *call, const struct peri_source *arguments,
                         struct peri_buf *out, struct peri_error *err);

#endif
