/* modules.c: what Lua may require from C; declared in runtime/engine/module.h. */
#include "bindings/lua/modules.h"

#include "runtime/engine/module.h"

const struct peri_module peri_modules[] = {
#define PERI_MODULE(stem) {"perilune.c." #stem, peri_open_##stem},
#include "bindings/lua/modules.def"
#undef PERI_MODULE
    {NULL, NULL},
};
