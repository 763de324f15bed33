/* datum.c: packed values: a byte for the kind, eight for a number or a length, and the bytes. */
#include "runtime/store/datum.h"

#include <string.h>

#include "runtime/base/check.h"

enum { HEAD = 1 + sizeof(uint64_t) };

bool peri_datum_put(struct peri_buf *buf, const struct peri_datum *datum, struct peri_error *err)
{
    bool has_bytes = datum->kind >= PERI_DATUM_TEXT;
    size_t len = has_bytes ? datum->bytes.len : 0;
    uint64_t word = has_bytes ? len : (uint64_t)datum->integer;
    if (datum->kind == PERI_DATUM_FLOAT)
        memcpy(&word, &datum->number, sizeof(word));
    if (len > buf->ceiling)
        return peri_error_set(err, PERI_E_LIMIT, "a value of %zu bytes is too large", len);
    char *at = peri_buf_extend(buf, HEAD + len, err);
    if (at == NULL)
        return false;
    at[0] = (char)datum->kind;
    memcpy(at + 1, &word, sizeof(word));
    if (len > 0)
        memcpy(at + HEAD, datum->bytes.data, len);
    return true;
}

bool peri_datum_put_integer(struct peri_buf *buf, int64_t integer, struct peri_error *err)
{
    struct peri_datum datum = {.kind = PERI_DATUM_INTEGER, .integer = integer};
    return peri_datum_put(buf, &datum, err);
}

bool peri_datum_put_text(struct peri_buf *buf, struct peri_str text, struct peri_error *err)
{
    struct peri_datum datum = {.kind = PERI_DATUM_TEXT, .bytes = text};
    return peri_datum_put(buf, &datum, err);
}

void peri_datum_set_integer(struct peri_buf *buf, size_t place, int64_t integer)
{
    peri_assert(place + HEAD <= buf->len && buf->data[place] == PERI_DATUM_INTEGER);
    memcpy(buf->data + place + 1, &integer, sizeof(integer));
}

struct peri_datum peri_datum_take(struct peri_str *packed)
{
    uint64_t word;
    peri_assert(packed->len >= HEAD);
    struct peri_datum datum = {.kind = (enum peri_datum_kind)packed->data[0]};
    memcpy(&word, packed->data + 1, sizeof(word));
    packed->data += HEAD;
    packed->len -= HEAD;
    if (datum.kind == PERI_DATUM_FLOAT)
        memcpy(&datum.number, &word, sizeof(word));
    if (datum.kind == PERI_DATUM_INTEGER)
        datum.integer = (int64_t)word;
    if (datum.kind < PERI_DATUM_TEXT)
        return datum;
    peri_assert(word <= packed->len);
    datum.bytes = (struct peri_str){packed->data, word};
    packed->data += word;
    packed->len -= word;
    return datum;
}
