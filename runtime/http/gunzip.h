/* gunzip.h: bytes that were compressed with gzip, piece by piece, out as they are asked for.
 *
 * libcurl would decompress by itself, but takes a stream that ends in the middle for a whole one,
 * and hands out at once whatever a piece expands to. */
#ifndef PERI_GUNZIP_H
#define PERI_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/error.h"

struct peri_gunzip;

/* Returns a new stream, freed with peri_gunzip_free. */
struct peri_gunzip *peri_gunzip_new(void);

/* NULL is fine. */
void peri_gunzip_free(struct peri_gunzip *stream);

/* Keeps a copy of n compressed bytes, behind those that were not used yet. PERI_E_LIMIT if those
 * are many: it is for the pieces of a connection. */
PERI_MUST_USE bool peri_gunzip_feed(struct peri_gunzip *stream, const char *bytes, size_t n,
                                    struct peri_error *err);

/* Writes up to size bytes to out and their number to n: 0 when all that was fed is used up. Members
 * of gzip that follow one another are one stream. PERI_E_HTTP_PROTOCOL for bytes that are not
 * gzip's, or whose checksum or length is wrong. */
PERI_MUST_USE bool peri_gunzip_next(struct peri_gunzip *stream, char *out, size_t size, size_t *n,
                                    struct peri_error *err);

/* Whether all that was fed is used up. */
bool peri_gunzip_is_used_up(const struct peri_gunzip *stream);

/* Whether the stream may end here: behind the checksum of a member, or before the first byte. */
bool peri_gunzip_is_whole(const struct peri_gunzip *stream);

#endif
