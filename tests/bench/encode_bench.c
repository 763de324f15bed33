/* encode_bench.c: runs tests/bench/encode.lua, with a walk over tables in C as the floor. */
#include <lauxlib.h>
#include <lualib.h>

#include "bindings/lua/modules.h"
#include "runtime/base/limits.h"
#include "runtime/engine/memory.h"
#include "tests/bench/measure.h"

static void walk(lua_State *L)
{
    luaL_checkstack(L, 3, NULL);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_istable(L, -1))
            walk(L);
        lua_pop(L, 1);
    }
}

/* walk(value): visits every key of it and of the tables in it */
static int walk_value(lua_State *L)
{
    lua_settop(L, 1);
    walk(L);
    return 0;
}

/* seconds(): CPU time of the process */
static int seconds(lua_State *L)
{
    lua_pushnumber(L, cpu_seconds());
    return 1;
}

int main(int argc, char **argv)
{
    struct peri_memory *memory = peri_memory_new(PERI_LIMIT_LUA_MEMORY);
    lua_State *L = lua_newstate(peri_memory_allocate, memory);
    luaL_openlibs(L);
    luaL_requiref(L, "perilune.c.object", peri_open_object, 0);
    luaL_requiref(L, "perilune.c.soap", peri_open_soap, 0);
    lua_register(L, "walk", walk_value);
    lua_register(L, "seconds", seconds);
    bool is_good = argc == 2 && luaL_dofile(L, argv[1]) == LUA_OK;
    if (!is_good)
        fprintf(stderr, "encode_bench: %s\n", argc == 2 ? lua_tostring(L, -1) : "no script");
    lua_close(L);
    peri_memory_free(memory);
    return is_good ? 0 : 1;
}
