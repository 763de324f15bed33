/* module.h: the C modules that Lua may require. The list is defined by bindings/lua/modules.c, so
 * that the engine stays free of what it runs. */
#ifndef PERI_MODULE_H
#define PERI_MODULE_H

#include <lua.h>

struct peri_module {
    const char *name; /* "perilune.c.task"; NULL ends the list */
    lua_CFunction open;
};

extern const struct peri_module peri_modules[];

#endif
