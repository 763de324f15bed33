/* error.c: perilune.c.error, the list of error codes and the nearest name to a misspelt one. */
#include "runtime/base/error.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "runtime/base/str.h"

static struct peri_str string_at(lua_State *L, int index)
{
    struct peri_str s;
    s.data = lua_tolstring(L, index, &s.len);
    return s;
}

/* nearest(name, list) → the name of the list that is fewest edits away, nil if none is near.
 * Of equally near ones the first in the list. */
static int error_nearest(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_pushnil(L); /* 3: the nearest so far */
    struct peri_str name = string_at(L, 1);
    size_t limit = peri_str_tolerance(name.len);
    for (lua_Integer i = 1; lua_geti(L, 2, i) == LUA_TSTRING; i++) {
        size_t distance = peri_str_distance(name, string_at(L, -1), limit);
        if (distance > limit) {
            lua_pop(L, 1);
            continue;
        }
        lua_replace(L, 3);
        if (distance == 0)
            break;
        limit = distance - 1;
    }
    lua_pushvalue(L, 3);
    return 1;
}

static const luaL_Reg functions[] = {{"nearest", error_nearest}, {NULL, NULL}};

/* codes: dotted name → { exit = code of a command that ends with it, meaning = sentence }. */
static void push_codes(lua_State *L)
{
    lua_createtable(L, 0, PERI_E_COUNT);
    for (int code = PERI_E_NONE + 1; code < PERI_E_COUNT; code++) {
        const struct peri_error_info *info = peri_error_info((enum peri_error_code)code);
        lua_createtable(L, 0, 2);
        lua_pushinteger(L, info->exit_code);
        lua_setfield(L, -2, "exit");
        lua_pushstring(L, info->meaning);
        lua_setfield(L, -2, "meaning");
        lua_setfield(L, -2, info->name);
    }
}

int peri_open_error(lua_State *L)
{
    luaL_newlib(L, functions);
    push_codes(L);
    lua_setfield(L, -2, "codes");
    luaL_newmetatable(L, PERI_RAISE_META);
    lua_setfield(L, -2, "metatable"); /* of all errors, C's and Lua's; perilune.err fills it */
    return 1;
}
