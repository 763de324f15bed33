/* raise.h: how C functions called from Lua fail. The words are the scheduler's, which fails so
 * itself: peri_raise(L, &err), peri_raise_code(L, code, format, …), peri_raise_push(L, &err). */
#ifndef PERI_LUA_RAISE_H
#define PERI_LUA_RAISE_H

#include "runtime/sched/raise.h"

#endif
