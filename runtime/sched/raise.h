/* raise.h: errors of C as the errors that Lua code raises and catches. */
#ifndef PERI_RAISE_H
#define PERI_RAISE_H

#include <lua.h>

#include "runtime/base/error.h"

/* The metatable, in the registry, that marks a table as an error; perilune.err fills it. */
#define PERI_RAISE_META "perilune.err"

/* Pushes err as an error table: code, message, path, hint, detail; empty ones are left out.
 * where is the nearest line of Lua code on L's stack that is not of our own library, if any. */
void peri_raise_push(lua_State *L, const struct peri_error *err);

/* Raises err as an error table. Does not return; `return peri_raise(…)` reads well. */
_Noreturn int peri_raise(lua_State *L, const struct peri_error *err);

/* Raises an error made of a code and a sentence, as peri_raise. */
_Noreturn int peri_raise_code(lua_State *L, enum peri_error_code code, const char *format, ...)
    PERI_PRINTF(3, 4);

#endif
