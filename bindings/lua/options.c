/* options.c: named options. */
#include "bindings/lua/options.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "bindings/lua/raise.h"
#include "runtime/base/limits.h"
#include "runtime/base/str.h"

/* Pushes the option and returns its type. */
static int push(lua_State *L, int index, const char *name)
{
    index = lua_absindex(L, index);
    lua_pushstring(L, name);
    return lua_rawget(L, index);
}

static int refuse(lua_State *L, const char *name, const char *wanted)
{
    return peri_raise_code(L, PERI_E_ARGUMENT, "option %s: %s expected, not %s", name, wanted,
                           luaL_typename(L, -1));
}

static const char *nearest(const char *name, const char *const *names)
{
    const char *best = NULL;
    size_t least = peri_str_tolerance(strlen(name)) + 1;
    for (; *names != NULL; names++) {
        size_t distance = peri_str_distance(peri_str_of(name), peri_str_of(*names), least);
        if (distance < least) {
            least = distance;
            best = *names;
        }
    }
    return best;
}

static void check_key(lua_State *L, const char *key, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++)
        if (strcmp(key, names[i]) == 0)
            return;
    struct peri_error err = {0};
    peri_error_set(&err, PERI_E_ARGUMENT, "unknown option \"%s\"", key);
    const char *near = nearest(key, names);
    if (near != NULL)
        peri_error_hint(&err, "did you mean \"%s\"?", near);
    peri_raise(L, &err);
}

void peri_options_check(lua_State *L, int index, const char *const *names)
{
    index = lua_absindex(L, index);
    luaL_checktype(L, index, LUA_TTABLE);
    lua_pushnil(L);
    while (lua_next(L, index) != 0) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING)
            peri_raise_code(L, PERI_E_ARGUMENT, "options have names, not a %s as key",
                            luaL_typename(L, -1));
        check_key(L, lua_tostring(L, -1), names);
    }
}

/* The string on top, popped; it stays valid because a table holds it. */
static const char *pop_string(lua_State *L, const char *name, size_t *len)
{
    if (lua_type(L, -1) != LUA_TSTRING)
        refuse(L, name, "a string");
    size_t n;
    const char *string = lua_tolstring(L, -1, &n);
    if (len == NULL && strlen(string) != n)
        peri_raise_code(L, PERI_E_ARGUMENT, "option %s: a NUL byte in the string", name);
    if (len != NULL)
        *len = n;
    lua_pop(L, 1);
    return string;
}

const char *peri_options_string(lua_State *L, int index, const char *name, size_t *len)
{
    if (push(L, index, name) != LUA_TNIL)
        return pop_string(L, name, len);
    lua_pop(L, 1);
    return NULL;
}

bool peri_options_boolean(lua_State *L, int index, const char *name)
{
    int type = push(L, index, name);
    if (type != LUA_TNIL && type != LUA_TBOOLEAN)
        refuse(L, name, "true or false");
    bool value = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return value;
}

uint64_t peri_options_integer(lua_State *L, int index, const char *name, uint64_t most,
                              uint64_t otherwise)
{
    int is_integer = 0;
    int type = push(L, index, name);
    lua_Integer value = lua_tointegerx(L, -1, &is_integer);
    if (type != LUA_TNIL && (type != LUA_TNUMBER || !is_integer))
        refuse(L, name, "a whole number");
    lua_pop(L, 1);
    if (type == LUA_TNIL)
        return otherwise;
    if (value < 0 || (uint64_t)value > most)
        peri_raise_code(L, PERI_E_ARGUMENT, "option %s: out of range", name);
    return (uint64_t)value;
}

uint64_t peri_options_ms(lua_State *L, int index, const char *name)
{
    int type = push(L, index, name);
    bool is_never = type == LUA_TBOOLEAN && !lua_toboolean(L, -1);
    if (type != LUA_TNIL && type != LUA_TNUMBER && !is_never)
        refuse(L, name, "seconds");
    double seconds = lua_tonumber(L, -1);
    lua_pop(L, 1);
    if (type == LUA_TNIL)
        return 0;
    if (is_never || seconds == HUGE_VAL)
        return UINT64_MAX;
    if (!(seconds > 0 && seconds <= PERI_LIMIT_SLEEP_S))
        peri_raise_code(L, PERI_E_ARGUMENT, "option %s: out of range", name);
    return (uint64_t)ceil(seconds * 1000);
}

const char *const *peri_options_strings(lua_State *L, int index, const char *name, size_t *count)
{
    int type = push(L, index, name);
    lua_Unsigned n = type == LUA_TTABLE ? lua_rawlen(L, -1) : type != LUA_TNIL;
    const char **strings = lua_newuserdatauv(L, (n + 1) * sizeof(*strings), 0);
    for (lua_Unsigned i = 0; i < n; i++) {
        if (type == LUA_TTABLE)
            lua_rawgeti(L, -2, (lua_Integer)i + 1);
        else
            lua_pushvalue(L, -2);
        strings[i] = pop_string(L, name, NULL);
    }
    lua_remove(L, -2);
    *count = n;
    return strings;
}
