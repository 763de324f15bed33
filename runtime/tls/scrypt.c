/* scrypt.c: scrypt, by OpenSSL. */
#include "runtime/tls/scrypt.h"

#include <openssl/err.h>
#include <openssl/evp.h>

enum { MEMORY_MAX = 1 << 30 };

bool peri_scrypt_of(struct peri_str password, struct peri_str salt,
                    const struct peri_scrypt_cost *cost, unsigned char *out, size_t len,
                    struct peri_error *err)
{
    if (EVP_PBE_scrypt(password.data, password.len, (const unsigned char *)salt.data, salt.len,
                       cost->n, cost->r, cost->p, MEMORY_MAX, out, len) == 1)
        return true;
    ERR_clear_error();
    return peri_error_set(err, PERI_E_ARGUMENT, "scrypt cannot be of this cost");
}
