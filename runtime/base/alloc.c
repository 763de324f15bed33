/* alloc.c: small allocations that cannot fail. */
#include "runtime/base/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("perilune: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *peri_alloc(size_t size)
{
    return checked(calloc(1, size == 0 ? 1 : size));
}

void *peri_alloc_array(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        return checked(NULL);
    return peri_alloc(count * size);
}

void *peri_realloc(void *old, size_t size)
{
    return checked(realloc(old, size == 0 ? 1 : size));
}

char *peri_strdup(const char *string)
{
    if (string == NULL)
        return NULL;
    size_t size = strlen(string) + 1;
    return memcpy(peri_alloc(size), string, size);
}

void peri_free(void *memory)
{
    free(memory);
}
