/* explain.h: a failed handshake in words. */
#ifndef PERI_EXPLAIN_H
#define PERI_EXPLAIN_H

#include "runtime/base/error.h"
#include "runtime/tls/handshake.h"
#include "runtime/tls/trust.h"

/* Fills err with why a handshake failed: code tls.…, message, hint (what to do) and detail (the
 * certificates, a line each). where is "host:port"; library are the words of whoever gave up, used
 * when the record shows no more than they. handshake may be NULL: nothing was seen. Returns false.
 */
bool peri_explain(const struct peri_handshake *handshake, const struct peri_trust *trust,
                  const char *where, const char *library, struct peri_error *err);

#endif
