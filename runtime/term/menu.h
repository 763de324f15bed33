/* menu.h: what could stand at the cursor, in columns. */
#ifndef PERI_MENU_H
#define PERI_MENU_H

#include "runtime/base/buf.h"
#include "runtime/term/screen.h"

struct peri_menu_item {
    const char *text; /* UTF-8, one line */
    const char *note; /* what it is, or NULL */
};

struct peri_menu {
    const struct peri_menu_item *items;
    size_t count;
    size_t more;       /* items that are not even here */
    int columns, rows; /* of the terminal */
};

/* The bytes that all items begin with, whole characters only; 0 without items. */
size_t peri_menu_common(const struct peri_menu *menu);

/* Adds the list to b: in columns, read downwards, or where there are notes, one item a line; no
 * line is wider than the terminal, nor are there more than its rows, and the last says how many
 * were left out. Errors: PERI_E_LIMIT. */
PERI_MUST_USE bool peri_menu_list(const struct peri_menu *menu, const struct peri_screen *screen,
                                  struct peri_buf *b, struct peri_error *err);

#endif
