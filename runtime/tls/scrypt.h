/* scrypt.h: hashes of passwords that are slow to guess (RFC 7914). */
#ifndef PERI_SCRYPT_H
#define PERI_SCRYPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

struct peri_scrypt_cost {
    uint64_t n, r, p; /* memory is 128 * n * r bytes */
};

/* Writes len bytes. Takes long: not to be called on the loop's thread. PERI_E_ARGUMENT for a cost
 * that is none, or needs more than a GiB. */
bool peri_scrypt_of(struct peri_str password, struct peri_str salt,
                    const struct peri_scrypt_cost *cost, unsigned char *out, size_t len,
                    struct peri_error *err);

#endif
