/* gzip.h: compression of what is small, for headers. */
#ifndef PERI_GZIP_H
#define PERI_GZIP_H

#include <stddef.h>

#include "runtime/base/buf.h"

/* Appends n bytes as a gzip file. PERI_E_LIMIT past the ceiling of out, or INT_MAX bytes. */
bool peri_gzip_compress(const void *bytes, size_t n, struct peri_buf *out, struct peri_error *err);

#endif
