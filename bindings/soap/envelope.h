/* envelope.h: what stands around a call in a request. */
#ifndef PERI_ENVELOPE_H
#define PERI_ENVELOPE_H

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

/* The entries of the SOAP header; what has no bytes is left out. */
struct peri_envelope {
    struct peri_str session_cookie; /* vcSessionCookie */
    struct peri_str operation_id;   /* operationID: how the server's logs name the call */
};

/* Appends all that comes before the body's content, and all that comes after. Errors: of
 * peri_text_write. */
bool peri_envelope_begin(const struct peri_envelope *e, struct peri_buf *out,
                         struct peri_error *err);
bool peri_envelope_end(struct peri_buf *out, struct peri_error *err);

#endif
