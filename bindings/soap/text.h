/* text.h: strings as the text of XML. */
#ifndef PERI_TEXT_H
#define PERI_TEXT_H

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

/* Appends a string with what XML needs escaped, for elements and for attributes in double quotes.
 * Errors: PERI_E_SOAP_RANGE naming the byte when it is not UTF-8 or a character that XML cannot
 * hold, PERI_E_LIMIT; then part of it may have been appended. */
bool peri_text_write(struct peri_str string, struct peri_buf *out, struct peri_error *err);

/* How many bytes at the beginning of a string stand for themselves. */
size_t peri_text_plain(struct peri_str string);

#endif
