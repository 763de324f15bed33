/* lines.h: a descriptor's bytes, line by line. */
#ifndef PERI_LINES_H
#define PERI_LINES_H

#include "runtime/base/buf.h"

struct peri_lines {
    int fd;            /* borrowed */
    struct peri_buf b; /* read and not yet taken */
    size_t taken;      /* bytes of b that were taken */
    bool has_ended;
};

/* Makes lines of fd; reads nothing yet. */
void peri_lines_init(struct peri_lines *lines, int fd);

/* Frees the bytes. */
void peri_lines_deinit(struct peri_lines *lines);

/* Takes the next line that was read, without its newline, or what is left at the end. Returns
 * false when there is none; then, unless has_ended, more is to be read. The line is valid until
 * the next call. */
bool peri_lines_take(struct peri_lines *lines, const char **line, size_t *len);

/* Reads once, which waits if fd has nothing. Errors: PERI_E_IO; PERI_E_LIMIT, a line is too long.
 */
PERI_MUST_USE bool peri_lines_read(struct peri_lines *lines, struct peri_error *err);

#endif
