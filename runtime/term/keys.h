/* keys.h: what comes from a terminal, as characters and as whole texts that were pasted. */
#ifndef PERI_KEYS_H
#define PERI_KEYS_H

#include <stdbool.h>
#include <wchar.h>

#include "runtime/base/buf.h"

/* Before and after a text that is pasted, once the terminal was asked for that. */
#define PERI_KEYS_PASTE_ON "\033[?2004h"
#define PERI_KEYS_PASTE_OFF "\033[?2004l"

enum peri_keys_kind {
    PERI_KEYS_NONE,  /* more is to be read */
    PERI_KEYS_MAYBE, /* there is an escape that may begin more: read if something comes at once */
    PERI_KEYS_CHAR,  /* a character */
    PERI_KEYS_PASTE, /* a text */
};

struct peri_keys {
    struct peri_buf b; /* read and not yet taken */
    size_t taken;      /* bytes of b that were taken */
    bool has_ended;    /* the terminal is gone */
};

/* Makes keys without any. */
void peri_keys_init(struct peri_keys *keys);

/* Frees what was read. */
void peri_keys_deinit(struct peri_keys *keys);

/* Reads once from fd, which waits if it has nothing. What is too long to be kept is dropped. */
void peri_keys_read(struct peri_keys *keys, int fd);

/* Takes the next key: a character into *c, or a pasted text into *text with its length, freed with
 * peri_free, newlines as \n, other control characters but tabs left out. With is_late, an escape is
 * one by itself. C1 controls, which no keyboard has, become PERI_WIDE_UNKNOWN. */
enum peri_keys_kind peri_keys_take(struct peri_keys *keys, bool is_late, wchar_t *c, wchar_t **text,
                                   size_t *count);

/* Whether the character has come and was not yet taken; all before it is forgotten then, and it. */
bool peri_keys_skip_to(struct peri_keys *keys, char c);

#endif
