/* layout.c: libedit's arithmetic of rows and columns (its re_addc), done again. It has no call that
 * tells how many rows it has drawn, and what is printed above the prompt must know. */
#define _XOPEN_SOURCE 700 /* wcwidth */
#include "runtime/term/layout.h"

#include <wctype.h>

enum { TAB = 8 };

static void step(struct peri_layout *at, int width)
{
    if (at->column + width > at->columns) {
        at->row++;
        at->column = 0;
    }
    at->column += width;
    if (at->column >= at->columns) {
        at->row++;
        at->column = 0;
    }
}

/* The columns of a character that cannot be printed: \U+1234, or five digits. */
static int escaped(wchar_t c)
{
    return c > 0xffff ? 8 : 7;
}

static void add(struct peri_layout *at, wchar_t c)
{
    if (c == L'\n') {
        at->row++;
        at->column = 0;
    } else if (c == L'\t') {
        do
            step(at, 1);
        while (at->column % TAB != 0);
    } else if (c < L' ' || c == 0x7f) {
        step(at, 1);
        step(at, 1);
    } else if (iswprint((wint_t)c)) {
        int width = wcwidth(c);
        if (width > 0)
            step(at, width);
    } else {
        for (int i = escaped(c); i > 0; i--)
            step(at, 1);
    }
}

void peri_layout_add(struct peri_layout *at, const wchar_t *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        add(at, text[i]);
}
