/* screen.h: what is on the other side of a descriptor, and how much room a text takes there. */
#ifndef PERI_SCREEN_H
#define PERI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

/* Whether fd is a terminal. */
bool peri_screen_is_terminal(int fd);

/* Columns of the terminal behind stderr, stdout or stdin; 0 if none of them is one that tells. */
unsigned peri_screen_columns(void);

/* Columns that UTF-8 text takes, whatever the locale: 2 for wide characters, 0 for combining and
 * control characters, 1 for each byte that is no UTF-8. */
size_t peri_screen_text_width(struct peri_str text);

/* Writes all bytes, waiting for a reader that is slow. Errors: PERI_E_IO. */
bool peri_screen_write(int fd, struct peri_str bytes, struct peri_error *err);

/* Whether reading fd would not wait: there are bytes, or it has ended. */
bool peri_screen_is_ready(int fd);

#endif
