/* check.c: what happens when an assertion of ours is wrong. */
#include "runtime/base/check.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void peri_check_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "perilune: %s:%d: %s does not hold; please report this\n", file, line,
            condition);
    abort();
}
