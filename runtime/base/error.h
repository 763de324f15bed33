/* error.h: the error of every function that can fail.
 *
 * Such a function returns bool (or a pointer) and takes a struct peri_error last: complete on
 * failure, untouched on success. The struct lives in the caller's memory and owns nothing. */
#ifndef PERI_ERROR_H
#define PERI_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

#include "runtime/base/alloc.h"

enum peri_error_code {
    PERI_E_NONE = 0,
#define PERI_CODE(enumerator, name, exit, meaning) PERI_E_##enumerator,
#include "runtime/base/codes.def"
#undef PERI_CODE
    PERI_E_COUNT
};

#define PERI_ERROR_MESSAGE_MAX 512
#define PERI_ERROR_HINT_MAX 1024
#define PERI_ERROR_DETAIL_MAX 1536

struct peri_error {
    enum peri_error_code code;
    char message[PERI_ERROR_MESSAGE_MAX]; /* one sentence: what was wrong, and where */
    char path[PERI_ERROR_MESSAGE_MAX];    /* place in a value, as spec.disk[2].key, or "" */
    char hint[PERI_ERROR_HINT_MAX];       /* what to do, in lines, or "" */
    char detail[PERI_ERROR_DETAIL_MAX];   /* lines of evidence: the chain's certificates, words of a
                                             library; or "" */
};

/* One line of codes.def. */
struct peri_error_info {
    const char *name;    /* "tls.expired" */
    int exit_code;       /* of a command that ends with this error */
    const char *meaning; /* for the manual */
};

/* Fills err, cutting what is too long; err may be NULL. Returns false, so that failing is a line.
 */
bool peri_error_set(struct peri_error *err, enum peri_error_code code, const char *format, ...)
    PERI_PRINTF(3, 4);

/* As peri_error_set, with ": " and the system's words for the errno value number appended. */
bool peri_error_errno(struct peri_error *err, int number, const char *format, ...)
    PERI_PRINTF(3, 4);

/* Sets the hint of an error already set; returns false. */
bool peri_error_hint(struct peri_error *err, const char *format, ...) PERI_PRINTF(2, 3);

/* Appends a line to the hint of an error already set; returns false. */
bool peri_error_advise(struct peri_error *err, const char *format, ...) PERI_PRINTF(2, 3);

/* Appends a line to the detail of an error already set; returns false. */
bool peri_error_detail(struct peri_error *err, const char *format, ...) PERI_PRINTF(2, 3);

/* The line of codes.def for a code; never NULL for a code of the enum but PERI_E_NONE. */
const struct peri_error_info *peri_error_info(enum peri_error_code code);

#endif
