/* layout.h: where text stands on a terminal when libedit has drawn it, which it does not tell. */
#ifndef PERI_LAYOUT_H
#define PERI_LAYOUT_H

#include <stddef.h>
#include <wchar.h>

/* A place in what is drawn: rows from its top, columns from the left. */
struct peri_layout {
    int columns; /* of the terminal */
    int row, column;
};

/* Moves the place behind count characters, by libedit's rules: wide ones are not cut by the margin,
 * a full row goes on in the next, control characters are two columns (^X) or octal. */
void peri_layout_add(struct peri_layout *at, const wchar_t *text, size_t count);

#endif
