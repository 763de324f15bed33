/* menu.c: lists for completion. */
#include "runtime/term/menu.h"

#include <stdio.h>
#include <string.h>

enum {
    GAP = 2,        /* columns between two items */
    ROWS_KEPT = 4,  /* of the terminal, for what is typed and what was read before */
    ROWS_LEAST = 3, /* of the list, however small the terminal is */
};

size_t peri_menu_common(const struct peri_menu *menu)
{
    if (menu->count == 0)
        return 0;
    const char *first = menu->items[0].text;
    size_t len = strlen(first);
    for (size_t i = 1; i < menu->count; i++)
        for (size_t at = 0; at < len; at++)
            if (first[at] != menu->items[i].text[at])
                len = at;
    while (len > 0 && ((unsigned char)first[len] & 0xc0) == 0x80)
        len--;
    return len;
}

/* The bytes of text that fit into columns, and their columns. */
static size_t fit(const struct peri_screen *screen, const char *text, size_t columns, size_t *width)
{
    size_t len = 0;
    *width = 0;
    while (text[len] != '\0') {
        size_t size = 1;
        while (((unsigned char)text[len + size] & 0xc0) == 0x80)
            size++;
        size_t next = peri_screen_text_width(screen, text + len, size);
        if (*width + next > columns)
            break;
        *width += next;
        len += size;
    }
    return len;
}

/* A text in a field of columns, filled up with spaces unless it is the last of its line. */
static bool add_field(struct peri_buf *b, const struct peri_screen *screen, const char *text,
                      size_t columns, bool is_last, struct peri_error *err)
{
    size_t width, len = fit(screen, text, columns, &width);
    if (!peri_buf_add(b, text, len, err))
        return false;
    for (; !is_last && width < columns; width++)
        if (!peri_buf_puts(b, " ", err))
            return false;
    return true;
}

static size_t widest(const struct peri_menu *menu, const struct peri_screen *screen)
{
    size_t most = 0;
    for (size_t i = 0; i < menu->count; i++) {
        size_t width =
            peri_screen_text_width(screen, menu->items[i].text, strlen(menu->items[i].text));
        if (width > most)
            most = width;
    }
    size_t room = menu->columns > 1 ? (size_t)menu->columns - 1 : 1;
    return most < room ? most : room;
}

static size_t rows_of(const struct peri_menu *menu)
{
    int rows = menu->rows - ROWS_KEPT;
    return (size_t)(rows < ROWS_LEAST ? ROWS_LEAST : rows);
}

static bool add_count(struct peri_buf *b, size_t left, struct peri_error *err)
{
    char line[64];
    if (left == 0)
        return true;
    snprintf(line, sizeof(line), "… %zu more\n", left);
    return peri_buf_puts(b, line, err);
}

static bool list_notes(const struct peri_menu *menu, const struct peri_screen *screen,
                       struct peri_buf *b, struct peri_error *err)
{
    size_t width = widest(menu, screen), room = (size_t)menu->columns - 1, rows = rows_of(menu);
    size_t shown = menu->count <= rows ? menu->count : rows - 1;
    for (size_t i = 0; i < shown; i++) {
        const struct peri_menu_item *item = &menu->items[i];
        bool has_note = item->note != NULL && width + GAP < room;
        if (!add_field(b, screen, item->text, width, !has_note, err))
            return false;
        if (has_note && !(peri_buf_puts(b, "  ", err) &&
                          add_field(b, screen, item->note, room - width - GAP, true, err)))
            return false;
        if (!peri_buf_puts(b, "\n", err))
            return false;
    }
    return add_count(b, menu->count - shown + menu->more, err);
}

static bool list_columns(const struct peri_menu *menu, const struct peri_screen *screen,
                         struct peri_buf *b, struct peri_error *err)
{
    size_t width = widest(menu, screen), most = rows_of(menu);
    size_t across = ((size_t)menu->columns - 1 + GAP) / (width + GAP);
    if (across == 0)
        across = 1;
    size_t rows = (menu->count + across - 1) / across;
    size_t shown = menu->count;
    if (rows > most) {
        rows = most - 1;
        shown = rows * across;
    }
    for (size_t row = 0; row < rows; row++) {
        for (size_t i = row; i < shown; i += rows) {
            bool is_last = i + rows >= shown;
            if (!add_field(b, screen, menu->items[i].text, width, is_last, err) ||
                !peri_buf_puts(b, is_last ? "\n" : "  ", err))
                return false;
        }
    }
    return add_count(b, menu->count - shown + menu->more, err);
}

bool peri_menu_list(const struct peri_menu *menu, const struct peri_screen *screen,
                    struct peri_buf *b, struct peri_error *err)
{
    for (size_t i = 0; i < menu->count; i++)
        if (menu->items[i].note != NULL)
            return list_notes(menu, screen, b, err);
    return list_columns(menu, screen, b, err);
}
