/* gunzip.c: zlib, with the ends of members watched. */
#include "runtime/http/gunzip.h"

#include <limits.h>
#include <zlib.h>

#include "runtime/base/buf.h"
#include "runtime/base/check.h"
#include "runtime/base/limits.h"

struct peri_gunzip {
    z_stream z;
    struct peri_buf fed; /* compressed; the first `used` bytes are used up */
    size_t used;
    bool is_inside; /* a member has begun and not ended */
    bool may_hold;  /* the last call filled its output: there may be more without input */
};

struct peri_gunzip *peri_gunzip_new(void)
{
    struct peri_gunzip *stream = peri_alloc(sizeof(*stream));
    *stream = (struct peri_gunzip){0};
    peri_buf_init(&stream->fed, PERI_LIMIT_UNREAD);
    peri_assert(inflateInit2(&stream->z, 16 + MAX_WBITS) == Z_OK); /* 16: gzip's head and tail */
    return stream;
}

void peri_gunzip_free(struct peri_gunzip *stream)
{
    if (stream == NULL)
        return;
    inflateEnd(&stream->z);
    peri_buf_deinit(&stream->fed);
    peri_free(stream);
}

bool peri_gunzip_feed(struct peri_gunzip *stream, const char *bytes, size_t n,
                      struct peri_error *err)
{
    if (stream->used == stream->fed.len) {
        peri_buf_clear(&stream->fed);
        stream->used = 0;
    }
    return peri_buf_add(&stream->fed, bytes, n, err);
}

static bool fail(const struct peri_gunzip *stream, struct peri_error *err)
{
    const char *words = stream->z.msg == NULL ? "not gzip" : stream->z.msg;
    return peri_error_set(err, PERI_E_HTTP_PROTOCOL, "is damaged: %s", words);
}

/* One call of zlib's, which moves what is used and what is written. */
static bool inflate_once(struct peri_gunzip *stream, struct peri_error *err)
{
    z_stream *z = &stream->z;
    size_t left = stream->fed.len - stream->used;
    z->next_in = (Bytef *)stream->fed.data + stream->used;
    z->avail_in = (uInt)left;
    int result = inflate(z, Z_NO_FLUSH);
    stream->used += left - z->avail_in;
    stream->may_hold = z->avail_out == 0;
    if (result == Z_STREAM_END) {
        stream->is_inside = stream->may_hold = false;
        peri_assert(inflateReset(z) == Z_OK);
        return true;
    }
    stream->is_inside = stream->is_inside || left > 0;
    return result == Z_OK || result == Z_BUF_ERROR || fail(stream, err);
}

bool peri_gunzip_next(struct peri_gunzip *stream, char *out, size_t size, size_t *n,
                      struct peri_error *err)
{
    peri_assert(size > 0 && size <= UINT_MAX);
    stream->z.next_out = (Bytef *)out;
    stream->z.avail_out = (uInt)size;
    while (stream->z.avail_out > 0 && !peri_gunzip_is_used_up(stream))
        if (!inflate_once(stream, err))
            return false;
    *n = size - stream->z.avail_out;
    return true;
}

bool peri_gunzip_is_used_up(const struct peri_gunzip *stream)
{
    return stream->used == stream->fed.len && !stream->may_hold;
}

bool peri_gunzip_is_whole(const struct peri_gunzip *stream)
{
    return !stream->is_inside;
}
