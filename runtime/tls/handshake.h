/* handshake.h: what one TLS handshake showed, for those who must explain its failure.
 *
 * Made by the request that opens a connection, filled by OpenSSL's callbacks (peri_trust_apply),
 * read by peri_explain. The connection outlives the request, so both hold a reference. */
#ifndef PERI_HANDSHAKE_H
#define PERI_HANDSHAKE_H

#include <stdbool.h>

#include "runtime/base/alloc.h"

struct peri_handshake;

/* Returns an empty record of a handshake with host (a name or an address), with one reference. */
PERI_MUST_USE struct peri_handshake *peri_handshake_new(const char *host);

/* Adds a reference and returns the record. */
struct peri_handshake *peri_handshake_ref(struct peri_handshake *handshake);

/* Drops one reference; the last one frees. NULL is fine. */
void peri_handshake_free(struct peri_handshake *handshake);

/* Whether it ended well, as far as this side can tell, and whether it resumed an older session. */
bool peri_handshake_is_done(const struct peri_handshake *handshake);
bool peri_handshake_is_resumed(const struct peri_handshake *handshake);

/* Whether the server ended it for want of a client certificate that pleases it. In TLS 1.3 this
 * may come after the request was sent, but proves that the server did not look at it. */
bool peri_handshake_is_refused(const struct peri_handshake *handshake);

#endif
