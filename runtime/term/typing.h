/* typing.h: a line typed with libedit, in the thread that has the terminal; private to the folder.
 */
#ifndef PERI_TYPING_H
#define PERI_TYPING_H

#include "runtime/term/desk.h"

struct peri_typing;

/* Loads libedit, before anything below. PERI_E_IO when it is not there. */
PERI_MUST_USE bool peri_typing_load(struct peri_error *err);

/* Returns an editor for the kind of terminal, NULL if libedit cannot work with it. The calling
 * thread is the only one to use it, and its locale is UTF-8 from now on. */
struct peri_typing *peri_typing_new(struct peri_desk *desk, const char *terminal, const char *mode);

/* Frees it; NULL is fine. */
void peri_typing_free(struct peri_typing *typing);

/* Adds a text to the history. */
void peri_typing_remember(struct peri_typing *typing, const char *text);

/* Changes the keys: "emacs" or "vi". */
void peri_typing_mode(struct peri_typing *typing, const char *mode);

/* Edits one line until it ends, and returns how; text receives it, freed with peri_free, or NULL.
 * The terminal is as before then. */
enum peri_editor_kind peri_typing_line(struct peri_typing *typing, const char *prompt,
                                       const char *first, char **text, size_t *len);

#endif
