/* lines.c: a descriptor's bytes, line by line. */
#include "runtime/term/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/limits.h"

void peri_lines_init(struct peri_lines *lines, int fd)
{
    *lines = (struct peri_lines){.fd = fd};
    peri_buf_init(&lines->b, PERI_LIMIT_LINE);
}

void peri_lines_deinit(struct peri_lines *lines)
{
    peri_buf_deinit(&lines->b);
    lines->taken = 0;
}

bool peri_lines_take(struct peri_lines *lines, const char **line, size_t *len)
{
    size_t left = lines->b.len - lines->taken;
    if (left == 0)
        return false;
    const char *start = lines->b.data + lines->taken, *end = memchr(start, '\n', left);
    if (end == NULL && !lines->has_ended)
        return false;
    *line = start;
    *len = end == NULL ? left : (size_t)(end - start);
    lines->taken += *len + (end == NULL ? 0 : 1);
    return true;
}

/* Forgets what was taken, so that the ceiling is one of lines. */
static void compact(struct peri_lines *lines)
{
    if (lines->taken == 0)
        return;
    lines->b.len -= lines->taken;
    memmove(lines->b.data, lines->b.data + lines->taken, lines->b.len);
    lines->taken = 0;
}

bool peri_lines_read(struct peri_lines *lines, struct peri_error *err)
{
    char chunk[8192];
    ssize_t count = read(lines->fd, chunk, sizeof(chunk));
    if (count < 0)
        return errno == EAGAIN || errno == EINTR ||
               peri_error_errno(err, errno, "cannot read from descriptor %d", lines->fd);
    if (count == 0)
        lines->has_ended = true;
    compact(lines);
    return peri_buf_add(&lines->b, chunk, (size_t)count, err);
}
