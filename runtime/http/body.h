/* body.h: the body of an answer on its way from libcurl to who reads it: decompressed, bounded;
 * private to this folder. */
#ifndef PERI_BODY_H
#define PERI_BODY_H

#include "runtime/http/inside.h"

/* Learns from the head, which is complete, how the body is encoded. False, with request->error set,
 * for an encoding that was not asked for. Inside libcurl. */
bool peri_body_begin(struct peri_request *request);

/* Takes n bytes as they came. Returns what libcurl's write callback returns: n, or
 * CURL_WRITEFUNC_PAUSE while too much waits to be read, or 0 when request has failed. */
size_t peri_body_take(struct peri_request *request, const char *bytes, size_t n);

/* Whether so much waits to be read that no more is taken. */
bool peri_body_is_full(const struct peri_request *request);

/* Decompresses more of what was taken, until that is used up or enough waits to be read; behind the
 * last byte it is seen whether the stream was whole. */
void peri_body_refill(struct peri_request *request);

#endif
