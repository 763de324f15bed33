/* head.c: the head of an answer. */
#include "runtime/http/head.h"

#include <string.h>
#include <strings.h>

#include "runtime/base/limits.h"

void peri_head_init(struct peri_head *head)
{
    *head = (struct peri_head){0};
    peri_buf_init(&head->lines, PERI_LIMIT_HEADERS);
}

void peri_head_deinit(struct peri_head *head)
{
    peri_buf_deinit(&head->lines);
    peri_head_init(head);
}

/* The three digits behind "HTTP/1.1 "; 0 if the line is no status line. */
static int status_of(const char *line, size_t n)
{
    const char *end = line + n;
    if (n < strlen("HTTP/") || memcmp(line, "HTTP/", strlen("HTTP/")) != 0)
        return 0;
    const char *at = memchr(line, ' ', n);
    int status = 0;
    for (int i = 0; at != NULL && ++at < end && i < 3 && *at >= '0' && *at <= '9'; i++)
        status = 10 * status + (*at - '0');
    return status;
}

bool peri_head_add(struct peri_head *head, const char *line, size_t n, struct peri_error *err)
{
    head->received += n;
    if (head->received > PERI_LIMIT_HEADERS)
        return peri_error_set(err, PERI_E_LIMIT, "has headers of more than %lu bytes",
                              PERI_LIMIT_HEADERS);
    if (head->is_complete)
        return true;
    int status = status_of(line, n);
    if (status != 0) {
        head->status = status;
        peri_buf_clear(&head->lines);
        return true;
    }
    bool is_empty = n == 0 || line[0] == '\r' || line[0] == '\n';
    head->is_complete = is_empty && head->status >= 200;
    return is_empty || peri_buf_add(&head->lines, line, n, err);
}

static struct peri_str trimmed(const char *begin, const char *end)
{
    while (begin < end && strchr(" \t", *begin) != NULL)
        begin++;
    while (end > begin && strchr(" \t\r\n", end[-1]) != NULL)
        end--;
    return (struct peri_str){begin, (size_t)(end - begin)};
}

bool peri_head_find(const struct peri_head *head, const char *name, size_t *at,
                    struct peri_str *value)
{
    size_t n = strlen(name);
    while (*at < head->lines.len) {
        const char *line = head->lines.data + *at;
        const char *line_end = memchr(line, '\n', head->lines.len - *at);
        const char *end = line_end == NULL ? head->lines.data + head->lines.len : line_end;
        *at = (size_t)(end - head->lines.data) + (line_end != NULL);
        if ((size_t)(end - line) <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
            continue;
        *value = trimmed(line + n + 1, end);
        return true;
    }
    return false;
}
