/* editor.h: lines that a person types, while the loop goes on.
 *
 * A thread of its own has the terminal for as long as a line is edited; libedit reads keys and
 * draws there, and never sees the loop. All functions are the loop's thread's, none of them waits
 * but where it is said. There is one editor at a time, since there is one terminal. */
#ifndef PERI_EDITOR_H
#define PERI_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

struct peri_editor;

struct peri_editor_options {
    const char *terminal; /* its kind, as in TERM; NULL, "" and "dumb": lines without any editing */
    const char *history;  /* path of the file with the history; NULL: none is kept */
    const char *mode;     /* "emacs" or "vi"; NULL: as ~/.editrc says, else Emacs' keys */
};

enum peri_editor_kind {
    PERI_EDITOR_NONE,      /* nothing has happened */
    PERI_EDITOR_LINE,      /* Enter: text is the line, maybe with newlines in it */
    PERI_EDITOR_COMPLETE,  /* Tab: text so far and cursor; peri_editor_answer is awaited */
    PERI_EDITOR_INTERRUPT, /* Ctrl-C: the text was dropped */
    PERI_EDITOR_END,       /* Ctrl-D where there was no text, or the terminal is gone */
    PERI_EDITOR_STOPPED,   /* peri_editor_stop */
};

struct peri_editor_event {
    enum peri_editor_kind kind;
    char *text;         /* UTF-8 with a NUL behind; NULL where there is none */
    size_t len, cursor; /* bytes; of text, of text before the cursor */
};

struct peri_editor_answer {
    size_t from;  /* bytes of the text before what is replaced, which ends at the cursor */
    char *insert; /* UTF-8 instead of it; NULL: nothing changes */
    char *list;   /* whole lines to show above the prompt; NULL: none */
};

/* Returns an editor, freed with peri_editor_free; options are copied. stdin and stdout must be
 * terminals. NULL and PERI_E_IO when the system refuses a thread, or the history cannot be read. */
struct peri_editor *peri_editor_new(const struct peri_editor_options *options,
                                    struct peri_error *err);

/* Stops, waits for the thread, leaves the terminal as it was found. NULL is fine. */
void peri_editor_free(struct peri_editor *editor);

/* Begins a line with a prompt and a text to start from, or NULL; copies both. A line that is edited
 * already is stopped first. Colours in the prompt take no room. */
void peri_editor_begin(struct peri_editor *editor, const char *prompt, const char *first);

/* Whether a line is edited, or its event was not taken. */
bool peri_editor_is_busy(struct peri_editor *editor);

/* Takes the event that has come, whose text the caller frees; its kind is PERI_EDITOR_NONE when
 * none has. Then peri_editor_fd becomes readable with the next one. */
struct peri_editor_event peri_editor_take(struct peri_editor *editor);

/* What is polled for events. */
int peri_editor_fd(const struct peri_editor *editor);

/* Answers PERI_EDITOR_COMPLETE; insert and list are copied. Ignored when nothing was asked. */
void peri_editor_answer(struct peri_editor *editor, const struct peri_editor_answer *answer);

/* Gives up the line that is edited, if one is, and waits until the terminal is as before. */
void peri_editor_stop(struct peri_editor *editor);

/* Prints whole lines (a newline is added if it lacks at the end): above the prompt while a line is
 * edited, else where the cursor is. PERI_E_IO; PERI_E_LIMIT when the terminal cannot keep up. */
PERI_MUST_USE bool peri_editor_print(struct peri_editor *editor, const char *text, size_t len,
                                     struct peri_error *err);

/* Adds a text to the history and to its file, unless it is the last one there. PERI_E_IO. */
PERI_MUST_USE bool peri_editor_remember(struct peri_editor *editor, const char *text,
                                        struct peri_error *err);

/* Changes the keys, from the next line on: "emacs" or "vi". */
void peri_editor_mode(struct peri_editor *editor, const char *mode);

#endif
