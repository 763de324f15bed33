/* modules.c: what Lua may require from C; declared in runtime/engine/module.h. */
#include "runtime/engine/module.h"

const struct peri_module peri_modules[] = {
    {NULL, NULL},
};
