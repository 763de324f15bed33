/* inbound_fuzz.c: any bytes as requests of a server: judged alike whole and in pieces, within
 * limits.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/serve/inbound.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct peri_inbound_limits limits = {
    .head = 2048, .target = 256, .body = 1024, .fields = 20};

static size_t feed(struct peri_inbound *in, const char *bytes, size_t n, size_t piece)
{
    size_t at = 0;
    while (at < n && in->state != PERI_INBOUND_BAD && in->state != PERI_INBOUND_WHOLE) {
        size_t used = peri_inbound_feed(in, bytes + at, n - at < piece ? n - at : piece);
        if (used == 0 && in->state != PERI_INBOUND_BAD)
            abort();
        at += used;
    }
    return at;
}

static void check_fields(const struct peri_inbound *in)
{
    for (unsigned i = 0; i < in->count; i++) {
        struct peri_str name, value;
        peri_inbound_field(in, i, &name, &value);
        if (name.len == 0 || value.data + value.len > in->head.data + in->head.len)
            abort();
        if (memchr(value.data, '\n', value.len) != NULL ||
            memchr(value.data, '\0', value.len) != NULL)
            abort();
    }
}

/* What both see is the same, but for how much of a bad request was looked at. */
static void compare(const struct peri_inbound *a, const struct peri_inbound *b)
{
    if (a->state != b->state || a->status != b->status)
        abort();
    if (a->state != PERI_INBOUND_WHOLE)
        return;
    if (a->count != b->count || a->body.len != b->body.len || a->is_last != b->is_last ||
        (a->body.len > 0 && memcmp(a->body.data, b->body.data, a->body.len) != 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct peri_inbound whole, pieces;
    peri_inbound_init(&whole, &limits);
    peri_inbound_init(&pieces, &limits);
    size_t used = feed(&whole, bytes, size, size == 0 ? 1 : size);
    size_t also = feed(&pieces, bytes, size, 1);
    compare(&whole, &pieces);
    if (whole.state == PERI_INBOUND_WHOLE && used != also)
        abort();
    check_fields(&whole);
    peri_inbound_reset(&whole);
    peri_inbound_reset(&pieces);
    return 0;
}
