/* datum.h: values on their way to the store and back, packed one after another into bytes. */
#ifndef PERI_DATUM_H
#define PERI_DATUM_H

#include <stdint.h>

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

enum peri_datum_kind {
    PERI_DATUM_NULL,
    PERI_DATUM_INTEGER,
    PERI_DATUM_FLOAT,
    PERI_DATUM_TEXT,
    PERI_DATUM_BLOB,
};

struct peri_datum {
    enum peri_datum_kind kind;
    int64_t integer;       /* of an INTEGER */
    double number;         /* of a FLOAT */
    struct peri_str bytes; /* of a TEXT or a BLOB; somebody else's */
};

/* Appends a value to those in buf. Past its ceiling: PERI_E_LIMIT. */
PERI_MUST_USE bool peri_datum_put(struct peri_buf *buf, const struct peri_datum *datum,
                                  struct peri_error *err);

/* Appends an integer, or a text. */
PERI_MUST_USE bool peri_datum_put_integer(struct peri_buf *buf, int64_t integer,
                                          struct peri_error *err);
PERI_MUST_USE bool peri_datum_put_text(struct peri_buf *buf, struct peri_str text,
                                       struct peri_error *err);

/* Replaces the integer that was appended when buf had place bytes. */
void peri_datum_set_integer(struct peri_buf *buf, size_t place, int64_t integer);

/* Takes the first value off packed ones, of which there must be one (asserted); what it names is
 * among their bytes. */
struct peri_datum peri_datum_take(struct peri_str *packed);

#endif
