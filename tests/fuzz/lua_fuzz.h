/* lua_fuzz.h: a target in Lua. Its script returns a function of one input; what that raises, other
 * than the errors people are meant to see, is a finding. */
#ifndef LUA_FUZZ_H
#define LUA_FUZZ_H

#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/engine/searcher.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static _Noreturn void lua_fuzz_found(lua_State *L)
{
    fprintf(stderr, "%s\n", luaL_tolstring(L, -1, NULL));
    abort();
}

enum { LUA_FUZZ_LINES = 1 << 14 };

/* libFuzzer takes the counters of this section for coverage. */
__attribute__((
    section("__libfuzzer_extra_counters"))) static uint8_t lua_fuzz_lines[LUA_FUZZ_LINES];

static void on_line(lua_State *L, lua_Debug *line)
{
    lua_getinfo(L, "Sl", line);
    size_t hash = (size_t)line->currentline * 31;
    for (const char *at = line->short_src; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    lua_fuzz_lines[hash % LUA_FUZZ_LINES]++;
}

static int with_traceback(lua_State *L)
{
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

/* The state, with the handler at 1 and the function of the script at 2. Made once. */
static lua_State *lua_fuzz_state(const char *script)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    peri_searcher_install(L, NULL);
    lua_pushcfunction(L, with_traceback);
    if (luaL_dostring(L, script) != LUA_OK)
        lua_fuzz_found(L);
    lua_sethook(L, on_line, LUA_MASKLINE, 0);
    return L;
}

/* Calls the function of the script with one input. */
static int lua_fuzz_run(lua_State *L, const uint8_t *data, size_t size)
{
    lua_pushvalue(L, 2);
    lua_pushlstring(L, (const char *)data, size);
    if (lua_pcall(L, 1, 0, 1) != LUA_OK)
        lua_fuzz_found(L);
    return 0;
}

/* Defines the target of a script. */
#define LUA_FUZZ(script)                                                                           \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        static lua_State *L;                                                                       \
        if (L == NULL)                                                                             \
            L = lua_fuzz_state(script);                                                            \
        return lua_fuzz_run(L, data, size);                                                        \
    }

#endif
