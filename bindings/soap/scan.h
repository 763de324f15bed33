/* scan.h: bytes of XML, in chunks of any size, to tokens.
 *
 * XML 1.0 with namespaces, in UTF-8, as SOAP uses it: all of it is checked to be well-formed, also
 * where nothing of it is kept. Refused, as SOAP forbids them: a DOCTYPE (and so every entity of its
 * own) and processing instructions; further bytes that are no UTF-8, whatever encoding is declared,
 * and what passes the limits for depth, tags and texts.
 *
 * Nothing calls back: peri_scan_next reads one token and returns. So what is done with a token
 * (running Lua, which may leave by a long jump) cannot hurt the scanner, and memory does not grow
 * with the input. */
#ifndef PERI_SCAN_H
#define PERI_SCAN_H

#include "bindings/soap/vocabulary.h"
#include "runtime/base/error.h"

enum peri_scan_kind {
    PERI_SCAN_START, /* of an element with elements in it; text between those is dropped */
    PERI_SCAN_LEAF,  /* a whole element with nothing but text */
    PERI_SCAN_END    /* of what the last open START began */
};

struct peri_scan_token {
    enum peri_scan_kind kind;
    bool is_nil;          /* it says xsi:nil */
    const char *name;     /* kept in the vocabulary, as are all pointers here but text */
    const char *uri;      /* its namespace, or NULL */
    const char *xsi_type; /* without prefix, or NULL */
    const char *type;     /* the attribute `type` without namespace, or NULL */
    struct peri_str text; /* of a LEAF */
};

enum peri_scan_state { PERI_SCAN_TOKEN, PERI_SCAN_MORE, PERI_SCAN_DONE, PERI_SCAN_ERROR };

struct peri_scan;

/* Makes a scanner for one document; it holds the vocabulary. */
struct peri_scan *peri_scan_new(struct peri_vocabulary *v);

/* Frees it; NULL is fine. */
void peri_scan_free(struct peri_scan *s);

/* Gives it the next bytes, which stay the caller's and in place until peri_scan_next returns
 * PERI_SCAN_MORE. May be called only after that, or first. */
void peri_scan_feed(struct peri_scan *s, const char *bytes, size_t len);

/* Says that there are no more bytes; under the same condition. */
void peri_scan_finish(struct peri_scan *s);

/* Reads the next token, valid until the next call. PERI_SCAN_MORE: feed or finish. PERI_SCAN_DONE:
 * the document is complete. Errors, for good: PERI_E_SOAP_XML, PERI_E_LIMIT. */
enum peri_scan_state peri_scan_next(struct peri_scan *s, const struct peri_scan_token **out,
                                    struct peri_error *err);

#endif
