/* scalar.h: values without parts, and their texts in XML. No function here knows a locale. */
#ifndef PERI_SCALAR_H
#define PERI_SCALAR_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/str.h"

enum peri_scalar_kind {
    PERI_SCALAR_NONE, /* no value */
    PERI_SCALAR_BOOLEAN,
    PERI_SCALAR_INTEGER,
    PERI_SCALAR_NUMBER,
    PERI_SCALAR_STRING,
    PERI_SCALAR_TIME,
    PERI_SCALAR_REFERENCE,
    PERI_SCALAR_OTHER /* of a source: what the API has no word for; string names what it is */
};

struct peri_schema_type;

struct peri_scalar {
    enum peri_scalar_kind kind;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct peri_str string; /* bytes, not NUL-terminated */
        int64_t time_us;        /* microseconds since 1970-01-01T00:00:00Z */
        struct {
            struct peri_str type; /* "VirtualMachine" */
            struct peri_str id;   /* "vm-42" */
            /* Of a source: what the schema knows by the type's name; NULL: nothing. */
            const struct peri_schema_type *known;
        } reference;
    } as;
};

#define PERI_SCALAR_NUMBER_SIZE 32 /* bytes that hold any number written below, and its NUL */

/* Reads what XML Schema calls boolean, an integer of 64 bits, a double; blanks around are free.
 * False when the text is none. */
bool peri_scalar_read_boolean(struct peri_str text, bool *out);
bool peri_scalar_read_integer(struct peri_str text, int64_t *out);
bool peri_scalar_read_number(struct peri_str text, double *out);

/* Writes an integer, or the shortest digits that read back as the same double or (single) float.
 * Returns the length. */
size_t peri_scalar_write_integer(int64_t value, char out[PERI_SCALAR_NUMBER_SIZE]);
size_t peri_scalar_write_number(double value, bool is_single, char out[PERI_SCALAR_NUMBER_SIZE]);

#endif
