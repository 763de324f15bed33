/* base64.h: bytes as text and back (RFC 4648, section 4). */
#ifndef PERI_BASE64_H
#define PERI_BASE64_H

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

/* Appends the text of some bytes to out. Error: PERI_E_LIMIT. */
bool peri_base64_encode(struct peri_str bytes, struct peri_buf *out, struct peri_error *err);

/* Appends the bytes of a text to out; blanks in it are free. Errors: PERI_E_SOAP_XML for what is
 * not base64, PERI_E_LIMIT. */
bool peri_base64_decode(struct peri_str text, struct peri_buf *out, struct peri_error *err);

#endif
