/* keys.c: keys and pasted texts. */
#define _GNU_SOURCE /* memmem */
#include "runtime/term/keys.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/limits.h"
#include "runtime/term/wide.h"

static const char BEGIN[] = "\033[200~", END[] = "\033[201~";
enum { MARK = sizeof(BEGIN) - 1 };

void peri_keys_init(struct peri_keys *keys)
{
    *keys = (struct peri_keys){0};
    peri_buf_init(&keys->b, PERI_LIMIT_LINE);
}

void peri_keys_deinit(struct peri_keys *keys)
{
    peri_buf_deinit(&keys->b);
}

/* Forgets what was taken, so that the ceiling is one of what waits. */
static void compact(struct peri_keys *keys)
{
    if (keys->taken == 0)
        return;
    keys->b.len -= keys->taken;
    memmove(keys->b.data, keys->b.data + keys->taken, keys->b.len);
    keys->taken = 0;
}

void peri_keys_read(struct peri_keys *keys, int fd)
{
    char chunk[4096];
    ssize_t count = read(fd, chunk, sizeof(chunk));
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        keys->has_ended = true;
        return;
    }
    compact(keys);
    if (!peri_buf_add(&keys->b, chunk, (size_t)count, NULL))
        peri_buf_clear(&keys->b);
}

/* Drops what a line cannot hold: \r\n and \r are newlines, the last one is no part of the text. */
static size_t clean(wchar_t *text, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        wchar_t c = text[i];
        if (c == L'\r' && i + 1 < count && text[i + 1] == L'\n')
            continue;
        if (c == L'\r')
            c = L'\n';
        if (c == L'\n' || c == L'\t' || (c >= L' ' && (c < 0x7f || c > 0x9f)))
            text[kept++] = c;
    }
    if (kept > 0 && text[kept - 1] == L'\n')
        kept--;
    text[kept] = L'\0';
    return kept;
}

static enum peri_keys_kind take_paste(struct peri_keys *keys, wchar_t **text, size_t *count)
{
    const char *start = keys->b.data + keys->taken + MARK;
    size_t left = keys->b.len - keys->taken - MARK;
    const char *end = memmem(start, left, END, MARK);
    if (end == NULL)
        return PERI_KEYS_NONE;
    *text = peri_wide_of(start, (size_t)(end - start), count);
    *count = clean(*text, *count);
    keys->taken += (size_t)(end - start) + 2 * MARK;
    return PERI_KEYS_PASTE;
}

enum peri_keys_kind peri_keys_take(struct peri_keys *keys, bool is_late, wchar_t *c, wchar_t **text,
                                   size_t *count)
{
    size_t left = keys->b.len - keys->taken;
    if (left == 0)
        return PERI_KEYS_NONE;
    const char *next = keys->b.data + keys->taken;
    if (memcmp(next, BEGIN, left < MARK ? left : MARK) == 0) {
        if (left >= MARK)
            return take_paste(keys, text, count);
        if (!is_late)
            return PERI_KEYS_MAYBE;
    }
    size_t used = peri_wide_decode(next, left, c);
    if (used == 0)
        return PERI_KEYS_NONE;
    if (*c >= 0x80 && *c <= 0x9f)
        *c = PERI_WIDE_UNKNOWN;
    keys->taken += used;
    return PERI_KEYS_CHAR;
}

bool peri_keys_skip_to(struct peri_keys *keys, char c)
{
    size_t left = keys->b.len - keys->taken;
    const char *found = left == 0 ? NULL : memchr(keys->b.data + keys->taken, c, left);
    if (found == NULL)
        return false;
    keys->taken = (size_t)(found - keys->b.data) + 1;
    return true;
}
