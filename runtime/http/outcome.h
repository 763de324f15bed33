/* outcome.h: what a failed transfer means: was the request carried out?
 *
 * Pure: facts in, a code out. A write (whatever is not marked idempotent) may be tried again only
 * if nothing of it can have reached the server. */
#ifndef PERI_OUTCOME_H
#define PERI_OUTCOME_H

#include <stdbool.h>

#include <curl/curl.h>

#include "runtime/base/error.h"

struct peri_outcome {
    CURLcode result;
    bool is_idempotent; /* doing it twice is doing it once */
    bool is_sent;       /* some byte of the request went to the connection, in any attempt */
    bool is_refused;    /* the server ended the TLS handshake for want of a client certificate */
};

/* The code of the error that a transfer with these facts ends with; PERI_E_NONE for success.
 * PERI_E_HTTP_UNKNOWN exactly when a write may have reached the server; any other code for a write
 * says that it did not. PERI_E_TLS_HANDSHAKE stands for all of TLS: peri_explain knows more. */
enum peri_error_code peri_outcome_code(const struct peri_outcome *outcome);

#endif
