/* head.h: the head of an answer, line by line: its status and header fields. */
#ifndef PERI_HEAD_H
#define PERI_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/buf.h"
#include "runtime/base/str.h"

struct peri_head {
    int status;            /* of the last status line; 0 before one */
    bool is_complete;      /* the empty line behind a final status was there */
    size_t received;       /* bytes of all lines, of interim answers and trailers too */
    struct peri_buf lines; /* the fields of the last status, as received */
};

/* Makes head empty. */
void peri_head_init(struct peri_head *head);

/* Frees its lines; head is empty after. */
void peri_head_deinit(struct peri_head *head);

/* Adds a line as received, with its line end. A status line begins anew, as after an interim
 * answer (1xx); what comes after the head (trailers) is only counted. PERI_E_LIMIT past
 * PERI_LIMIT_HEADERS bytes in all. Callbacks may call it. */
PERI_MUST_USE bool peri_head_add(struct peri_head *head, const char *line, size_t n,
                                 struct peri_error *err);

/* Finds the next field called name, in any case, from *at on (0 at first), which moves behind it.
 * value is the trimmed text in head. False when there is none. */
bool peri_head_find(const struct peri_head *head, const char *name, size_t *at,
                    struct peri_str *value);

#endif
