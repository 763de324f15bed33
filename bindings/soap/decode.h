/* decode.h: the XML of an answer to values, while it comes in.
 *
 * The decoder reads tokens and gives values to a sink. It knows the types from the schema: what
 * method's response it is, what each field is declared as, and what xsi:type says instead. What the
 * schema lacks is kept: unknown fields under their names, values of unknown types with the type's
 * name. dynamicType and dynamicProperty are dropped.
 *
 * The value at the root is: the result (a list where the method returns an array, nothing for
 * void); or, of a fault, an object with `message`, the server's words, and `fault`, which always
 * tells its type. In rows mode each element of RetrieveResult.objects becomes a root value of its
 * own as soon as it is complete: an object with the reference under `ref`, the properties under
 * their paths, and under `missing` the localized fault of each path that could not be read. */
#ifndef PERI_DECODE_H
#define PERI_DECODE_H

#include "bindings/soap/sink.h"
#include "bindings/soap/vocabulary.h"
#include "runtime/base/error.h"

enum peri_decode_state {
    PERI_DECODE_MORE,  /* feed or finish */
    PERI_DECODE_ROW,   /* the sink has a row */
    PERI_DECODE_DONE,  /* the sink has the value */
    PERI_DECODE_ERROR, /* for good */
};

struct peri_decode;

/* Makes a decoder of one answer; it holds the vocabulary. */
struct peri_decode *peri_decode_new(struct peri_vocabulary *v, bool wants_rows);

/* Says, before anything is fed, that a method that the schema lacks may return a list: its result
 * is a list in any case. */
void peri_decode_take_list(struct peri_decode *d);

/* Frees it, in whatever state; NULL is fine. */
void peri_decode_free(struct peri_decode *d);

/* Gives it the next bytes, which stay the caller's and in place until a step returns
 * PERI_DECODE_MORE. May be called only after that, or first. */
void peri_decode_feed(struct peri_decode *d, const char *bytes, size_t len);

/* Says that there are no more bytes; under the same condition. */
void peri_decode_finish(struct peri_decode *d);

/* Decodes until something is to be told. Errors: PERI_E_SOAP_XML for what is not XML, not SOAP or
 * not of the declared types, PERI_E_LIMIT. */
enum peri_decode_state peri_decode_step(struct peri_decode *d, const struct peri_sink *sink,
                                        struct peri_error *err);

/* Whether the answer is a fault; told once a step returned PERI_DECODE_DONE. */
bool peri_decode_is_fault(const struct peri_decode *d);

#endif
