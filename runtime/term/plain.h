/* plain.h: a line typed where the terminal can do nothing but print; private to the folder. */
#ifndef PERI_PLAIN_H
#define PERI_PLAIN_H

#include "runtime/term/desk.h"

/* Reads one line, which the system lets people correct; returns and receives as peri_typing_line.
 * No escape sequence is written. What is to be printed comes on lines of its own, then the prompt
 * once more. */
enum peri_editor_kind peri_plain_line(struct peri_desk *desk, const char *prompt, char **text,
                                      size_t *len);

#endif
