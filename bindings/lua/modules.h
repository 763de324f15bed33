/* modules.h: declares the opener of each C module: int peri_open_<stem>(lua_State *L). */
#ifndef PERI_MODULES_H
#define PERI_MODULES_H

#include <lua.h>

#define PERI_MODULE(stem) int peri_open_##stem(lua_State *L);
#include "bindings/lua/modules.def"
#undef PERI_MODULE

#endif
