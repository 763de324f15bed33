/* document.h: small XML documents read whole: tokens, and the answers that bring them. What a
 * vSphere answers is never read so (decode.h). */
#ifndef PERI_DOCUMENT_H
#define PERI_DOCUMENT_H

#include <stddef.h>

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

struct peri_document;

/* An element of a document, as long as that lives; NULL: none. */
typedef const struct _xmlNode *peri_document_element;

/* Reads a document, freed with peri_document_free. NULL and PERI_E_SOAP_XML when it is none, has a
 * DOCTYPE; PERI_E_LIMIT past PERI_LIMIT_XML_DOCUMENT bytes. Fetches nothing. */
struct peri_document *peri_document_read(const void *bytes, size_t n, struct peri_error *err);

/* NULL is fine. */
void peri_document_free(struct peri_document *document);

/* The outermost element; never NULL. */
peri_document_element peri_document_root(const struct peri_document *document);

/* The first child that is an element, and the next sibling that is one. */
peri_document_element peri_document_child(peri_document_element element);
peri_document_element peri_document_next(peri_document_element element);

/* The name without prefix, and the namespace's URI, which has no bytes if there is none. */
struct peri_str peri_document_name(peri_document_element element);
struct peri_str peri_document_namespace(peri_document_element element);

/* Attribute number i (from 0) by its name without prefix; false past the last. */
bool peri_document_attribute(peri_document_element element, size_t i, struct peri_str *name,
                             struct peri_str *value);

/* Appends the element's own text, without that of its children. */
bool peri_document_text(peri_document_element element, struct peri_buf *out,
                        struct peri_error *err);

/* Appends the element in canonical form (C14N 1.0, with comments): a document of its own that
 * declares every namespace it was in, so that signatures inside it stay what they were. */
bool peri_document_canonical(const struct peri_document *document, peri_document_element element,
                             struct peri_buf *out, struct peri_error *err);

/* The release of libxml2: "2.9.14". */
const char *peri_document_release(void);

#endif
