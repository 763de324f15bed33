/* past.c: the file of the history: a text a line, in which \n is a newline and \\ a backslash. */
#include "runtime/term/past.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/limits.h"

enum { OWNER_ONLY = 0600 };

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            len -= (size_t)written;
        }
    }
    return true;
}

static bool read_all(int fd, struct peri_buf *b, const char *path, struct peri_error *err)
{
    char chunk[8192];
    ssize_t count;
    while ((count = read(fd, chunk, sizeof(chunk))) > 0)
        if (!peri_buf_add(b, chunk, (size_t)count, err))
            return false;
    return count == 0 || peri_error_errno(err, errno, "cannot read the history %s", path);
}

/* Undoes the escapes of a line in place; returns its new length. */
static size_t unescape(char *line, size_t len)
{
    size_t kept = 0;
    for (size_t i = 0; i < len; i++) {
        char c = line[i];
        if (c == '\\' && i + 1 < len) {
            i++;
            c = line[i] == 'n' ? '\n' : line[i];
        }
        line[kept++] = c;
    }
    return kept;
}

static bool add_lines(char *bytes, size_t len, struct peri_buf *b, struct peri_error *err)
{
    while (len > 0) {
        char *end = memchr(bytes, '\n', len);
        size_t size = end == NULL ? len : (size_t)(end - bytes);
        size_t kept = unescape(bytes, size);
        bool is_text = kept > 0 && memchr(bytes, '\0', kept) == NULL;
        if (is_text && !(peri_buf_add(b, bytes, kept, err) && peri_buf_add(b, "", 1, err)))
            return false;
        size += end == NULL ? 0 : 1;
        bytes += size;
        len -= size;
    }
    return true;
}

/* The place behind which PERI_LIMIT_HISTORY lines stand; the beginning while there are not twice as
 * many. */
static size_t surplus(const struct peri_buf *raw)
{
    size_t lines = 0;
    for (size_t i = raw->len; i > 0; i--)
        lines += raw->data[i - 1] == '\n';
    if (lines <= 2 * PERI_LIMIT_HISTORY)
        return 0;
    const char *at = raw->data;
    for (lines -= PERI_LIMIT_HISTORY; lines > 0; lines--)
        at = (const char *)memchr(at, '\n', raw->len - (size_t)(at - raw->data)) + 1;
    return (size_t)(at - raw->data);
}

/* Puts a shorter file in the place of the history. What fails is tried again the next time. */
static void replace(const char *path, const char *bytes, size_t len)
{
    char other[4096];
    if (snprintf(other, sizeof(other), "%s.new", path) >= (int)sizeof(other))
        return;
    int fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, OWNER_ONLY);
    if (fd < 0)
        return;
    bool is_whole = write_all(fd, bytes, len) && fsync(fd) == 0;
    close(fd);
    if (!is_whole || rename(other, path) != 0)
        unlink(other);
}

static bool load(int fd, const char *path, struct peri_buf *b, struct peri_error *err)
{
    struct peri_buf raw;
    peri_buf_init(&raw, PERI_LIMIT_TERMINAL);
    bool is_done = read_all(fd, &raw, path, err);
    if (is_done && raw.len > 0) {
        size_t from = surplus(&raw);
        if (from > 0)
            replace(path, raw.data + from, raw.len - from);
        is_done = add_lines(raw.data + from, raw.len - from, b, err);
    }
    peri_buf_deinit(&raw);
    return is_done;
}

bool peri_past_load(const char *path, struct peri_buf *b, struct peri_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || peri_error_errno(err, errno, "cannot read the history %s", path);
    bool is_done = fchmod(fd, OWNER_ONLY) == 0 ||
                   peri_error_errno(err, errno, "cannot keep the history %s from others", path);
    is_done = is_done && load(fd, path, b, err);
    close(fd);
    return is_done;
}

static bool escape(const char *text, struct peri_buf *b, struct peri_error *err)
{
    for (; *text != '\0'; text++) {
        bool is_added = *text == '\n'   ? peri_buf_puts(b, "\\n", err)
                        : *text == '\\' ? peri_buf_puts(b, "\\\\", err)
                                        : peri_buf_add(b, text, 1, err);
        if (!is_added)
            return false;
    }
    return peri_buf_puts(b, "\n", err);
}

/* One write, so that lines of two runs do not mix. */
static bool append(const char *path, const struct peri_buf *line, struct peri_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, OWNER_ONLY);
    bool is_done = fd >= 0 && fchmod(fd, OWNER_ONLY) == 0 && write_all(fd, line->data, line->len);
    if (!is_done)
        peri_error_errno(err, errno, "cannot write the history %s", path);
    if (fd >= 0)
        close(fd);
    return is_done;
}

bool peri_past_add(const char *path, const char *text, struct peri_error *err)
{
    struct peri_buf line;
    peri_buf_init(&line, PERI_LIMIT_TERMINAL);
    bool is_done = escape(text, &line, err) && append(path, &line, err);
    peri_buf_deinit(&line);
    return is_done;
}
