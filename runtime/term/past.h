/* past.h: the lines typed in earlier runs, in a file that is the user's alone. */
#ifndef PERI_PAST_H
#define PERI_PAST_H

#include <stdbool.h>

#include "runtime/base/buf.h"

/* Adds the lines of the file to b, oldest first, a NUL behind each; a file that is not there has
 * none. One that has grown to more than twice PERI_LIMIT_HISTORY lines is cut down to that; of
 * those, fewer may be added. Makes its mode 0600. Errors: PERI_E_IO, PERI_E_LIMIT. */
PERI_MUST_USE bool peri_past_load(const char *path, struct peri_buf *b, struct peri_error *err);

/* Adds a text, which may hold newlines, to the end of the file, which is made with mode 0600. Other
 * runs may do so at the same time. PERI_E_IO. */
PERI_MUST_USE bool peri_past_add(const char *path, const char *text, struct peri_error *err);

#endif
