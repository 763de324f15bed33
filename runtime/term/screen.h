/* screen.h: what the program's descriptors are, and how wide text is on a terminal. */
#ifndef PERI_SCREEN_H
#define PERI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

struct peri_screen;

/* Returns what is needed to measure text; freed with peri_screen_free. Never NULL. */
struct peri_screen *peri_screen_new(void);

/* Frees the screen; NULL is fine. */
void peri_screen_free(struct peri_screen *screen);

/* The columns that UTF-8 text takes: 2 for a wide character, 0 for combining and control
 * characters and for sequences of colours; 1 for each byte that is not UTF-8. */
size_t peri_screen_text_width(const struct peri_screen *screen, const char *text, size_t len);

/* Whether a descriptor is a terminal. */
bool peri_screen_is_terminal(int fd);

/* The columns of the terminal that stdout or, if that is none, stderr is; asked anew each time, as
 * windows change. 0 when neither is a terminal, or it does not say. */
int peri_screen_width(void);

/* Writes all bytes; where a terminal takes no more for now, it waits, and the whole program with
 * it. PERI_E_IO when the reader is gone or the disk is full. */
PERI_MUST_USE bool peri_screen_write(int fd, const char *bytes, size_t len, struct peri_error *err);

#endif
