/* upload.h: the body of a request that is given piece by piece (is_streamed of its settings). */
#ifndef PERI_UPLOAD_H
#define PERI_UPLOAD_H

#include "runtime/http/request.h"

/* Whether the next piece of a streamed body is wanted: the one before was taken, and the body has
 * not ended, nor was it refused by the answer. True at once after peri_request_new. */
bool peri_upload_is_hungry(const struct peri_request *request);

/* Whether a streamed body has not ended: pieces are wanted, or will be. */
bool peri_upload_is_streaming(const struct peri_request *request);

/* Gives a hungry request the next n bytes of its body, borrowed until it is hungry again, done or
 * freed; no bytes are the body's end. PERI_E_ARGUMENT when that is not the length that was
 * promised: the request can only be freed then. */
PERI_MUST_USE bool peri_upload_feed(struct peri_request *request, const char *bytes, size_t n,
                                    struct peri_error *err);

#endif
