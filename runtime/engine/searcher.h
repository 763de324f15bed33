/* searcher.h: where require finds the modules of Perilune itself. */
#ifndef PERI_SEARCHER_H
#define PERI_SEARCHER_H

#include <lua.h>

/* Lets require find C modules, then files under directory (unless NULL), then the compiled-in
 * modules; and nothing else: no path, no shared objects. directory is copied. */
void peri_searcher_install(lua_State *L, const char *directory);

#endif
