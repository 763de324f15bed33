/* head_fuzz.c: any bytes as the head of an answer, line by line as libcurl hands it over. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/http/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_lines(struct peri_head *head, const char *at, const char *end)
{
    struct peri_error err = {0};
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *next = newline == NULL ? end : newline + 1;
        if (!peri_head_add(head, at, (size_t)(next - at), &err))
            return;
        at = next;
    }
}

/* Every field that is found lies within the lines and is trimmed. */
static void find_all(const struct peri_head *head, const char *name)
{
    struct peri_str value;
    size_t at = 0, before = 0;
    while (peri_head_find(head, name, &at, &value)) {
        if (at <= before || at > head->lines.len || value.data < head->lines.data ||
            value.data + value.len > head->lines.data + head->lines.len)
            abort();
        if (value.len > 0 && (value.data[0] == ' ' || value.data[0] == '\t'))
            abort();
        before = at;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"Set-Cookie", "Content-Type", "Retry-After", "X"};
    struct peri_head head;
    peri_head_init(&head);
    add_lines(&head, (const char *)data, (const char *)data + size);
    if (head.status < 0 || head.status > 999)
        abort();
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        find_all(&head, names[i]);
    peri_head_deinit(&head);
    return 0;
}
