/* gzip.c: zlib, in one go. */
#include "runtime/http/gzip.h"

#include <limits.h>
#include <zlib.h>

/* Window bits of deflate, and what zlib wants added for a gzip header; bytes given at a time. */
enum { GZIP_WINDOW = MAX_WBITS + 16, MEMORY = 8, PIECE = 4096 };

static bool drain(z_stream *stream, struct peri_buf *out, struct peri_error *err)
{
    unsigned char piece[PIECE];
    int status = Z_OK;
    while (status == Z_OK) {
        stream->next_out = piece;
        stream->avail_out = sizeof(piece);
        status = deflate(stream, Z_FINISH);
        if (!peri_buf_add(out, piece, sizeof(piece) - stream->avail_out, err))
            return false;
    }
    return status == Z_STREAM_END || peri_error_set(err, PERI_E_INTERNAL, "zlib does not end");
}

bool peri_gzip_compress(const void *bytes, size_t n, struct peri_buf *out, struct peri_error *err)
{
    z_stream stream = {0};
    if (n > INT_MAX)
        return peri_error_set(err, PERI_E_LIMIT, "%zu bytes to compress; at most %d are", n,
                              INT_MAX);
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MEMORY,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return peri_error_set(err, PERI_E_INTERNAL, "zlib cannot be used");
    stream.next_in = (z_const Bytef *)bytes;
    stream.avail_in = (uInt)n;
    bool ok = drain(&stream, out, err);
    deflateEnd(&stream);
    return ok;
}
