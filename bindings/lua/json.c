/* json.c: perilune.c.json, JSON texts as Lua values, over Jansson. Integers stay integers, floats
 * floats; null is json.null; a table whose keys are 1 to n is an array, any other an object, but
 * an empty one only where json.array has not marked it. */
#include <jansson.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "runtime/base/limits.h"

static const char TREE[] = "perilune.json.tree";
static const char ARRAY[] = "perilune.json.array";

/* Jansson's values, pinned in a userdata, as any call of Lua may raise. */
struct tree {
    json_t *root;
    char *text;       /* of the root, once written */
    bool needs_exact; /* some float needs 17 digits */
};

static int tree_close(lua_State *L)
{
    struct tree *tree = luaL_checkudata(L, 1, TREE);
    json_decref(tree->root);
    free(tree->text);
    *tree = (struct tree){0};
    return 0;
}

/* Pushes an empty tree, which is released on every way out of the function. */
static struct tree *new_tree(lua_State *L)
{
    struct tree *tree = lua_newuserdatauv(L, sizeof(*tree), 0);
    *tree = (struct tree){0};
    luaL_setmetatable(L, TREE);
    lua_toclose(L, -1);
    return tree;
}

/* ---- encoding ---- */

static bool is_marked(lua_State *L, int index)
{
    if (!lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, ARRAY);
    bool equal = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return equal;
}

/* Whether the table at an index is to be an array. */
static bool is_array(lua_State *L, int index)
{
    bool has_first = lua_rawgeti(L, index, 1) != LUA_TNIL;
    lua_pop(L, 1);
    return has_first || is_marked(L, index);
}

static json_t *make_float(lua_State *L, struct tree *tree, double number)
{
    char digits[32];
    if (!isfinite(number))
        peri_raise_code(L, PERI_E_ARGUMENT, "JSON has no number %g", number);
    snprintf(digits, sizeof(digits), "%.15g", number);
    if (strtod(digits, NULL) != number)
        tree->needs_exact = true;
    return json_real(number);
}

static json_t *make_string(lua_State *L, int index)
{
    size_t len;
    const char *bytes = lua_tolstring(L, index, &len);
    json_t *string = json_stringn(bytes, len);
    if (string == NULL)
        peri_raise_code(L, PERI_E_ARGUMENT, "JSON has no string that is not UTF-8");
    return string;
}

/* Returns the value at an index; of a table, an empty container. The caller owns it. */
static json_t *make(lua_State *L, struct tree *tree, int index)
{
    switch (lua_type(L, index)) {
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(L, index));
    case LUA_TNUMBER:
        if (lua_isinteger(L, index))
            return json_integer(lua_tointeger(L, index));
        return make_float(L, tree, lua_tonumber(L, index));
    case LUA_TSTRING:
        return make_string(L, index);
    case LUA_TTABLE:
        return is_array(L, index) ? json_array() : json_object();
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, index) == NULL)
            return json_null();
        break;
    default:
        break;
    }
    peri_raise_code(L, PERI_E_ARGUMENT, "JSON has no %s", luaL_typename(L, index));
}

static void fill(lua_State *L, struct tree *tree, json_t *container, int index, int depth);

/* The value on top was added as child; what is in it follows. Pops it. */
static void descend(lua_State *L, struct tree *tree, json_t *child, int depth)
{
    if (lua_istable(L, -1))
        fill(L, tree, child, lua_gettop(L), depth + 1);
    lua_pop(L, 1);
}

static void fill_array(lua_State *L, struct tree *tree, json_t *array, int index, int depth)
{
    lua_Integer count = 0, len = (lua_Integer)lua_rawlen(L, index);
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
        count++;
    if (count != len)
        peri_raise_code(L, PERI_E_ARGUMENT, "JSON has no array with gaps or with names");
    for (lua_Integer i = 1; i <= len; i++) {
        lua_rawgeti(L, index, i);
        json_t *child = make(L, tree, -1);
        json_array_append_new(array, child);
        descend(L, tree, child, depth);
    }
}

static void fill_object(lua_State *L, struct tree *tree, json_t *object, int index, int depth)
{
    for (lua_pushnil(L); lua_next(L, index);) {
        size_t len;
        if (lua_type(L, -2) != LUA_TSTRING)
            peri_raise_code(L, PERI_E_ARGUMENT, "JSON has no object whose key is a %s",
                            luaL_typename(L, -2));
        const char *key = lua_tolstring(L, -2, &len);
        json_t *child = make(L, tree, -1);
        if (json_object_setn_new(object, key, len, child) != 0)
            peri_raise_code(L, PERI_E_ARGUMENT, "JSON has no key that is not UTF-8");
        descend(L, tree, child, depth);
    }
}

static void fill(lua_State *L, struct tree *tree, json_t *container, int index, int depth)
{
    if (depth > PERI_LIMIT_VALUE_DEPTH)
        peri_raise_code(L, PERI_E_LIMIT, "tables more than %d deep, or in a circle",
                        PERI_LIMIT_VALUE_DEPTH);
    luaL_checkstack(L, 8, NULL);
    if (json_is_array(container))
        fill_array(L, tree, container, index, depth);
    else
        fill_object(L, tree, container, index, depth);
}

/* encode(value) → text on one line, the keys of objects sorted. */
static int json_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    struct tree *tree = new_tree(L);
    tree->root = make(L, tree, 1);
    if (lua_istable(L, 1))
        fill(L, tree, tree->root, 1, 1);
    size_t digits = tree->needs_exact ? 17 : 15;
    tree->text = json_dumps(tree->root, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
                                            JSON_REAL_PRECISION(digits));
    lua_pushstring(L, tree->text);
    return 1;
}

/* ---- decoding ---- */

static void push(lua_State *L, const json_t *value, int depth);

static void push_array(lua_State *L, const json_t *array, int depth)
{
    size_t size = json_array_size(array);
    lua_createtable(L, (int)size, 0);
    if (size == 0)
        luaL_setmetatable(L, ARRAY);
    for (size_t i = 0; i < size; i++) {
        push(L, json_array_get(array, i), depth + 1);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_object(lua_State *L, json_t *object, int depth)
{
    lua_createtable(L, 0, (int)json_object_size(object));
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        lua_pushlstring(L, json_object_iter_key(at), json_object_iter_key_len(at));
        push(L, json_object_iter_value(at), depth + 1);
        lua_rawset(L, -3);
    }
}

static void push(lua_State *L, const json_t *value, int depth)
{
    if (depth > PERI_LIMIT_VALUE_DEPTH)
        peri_raise_code(L, PERI_E_LIMIT, "JSON more than %d deep", PERI_LIMIT_VALUE_DEPTH);
    luaL_checkstack(L, 4, NULL);
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        push_object(L, (json_t *)value, depth); /* Jansson iterates over what is not const only */
        break;
    case JSON_ARRAY:
        push_array(L, value, depth);
        break;
    case JSON_STRING:
        lua_pushlstring(L, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        lua_pushinteger(L, json_integer_value(value));
        break;
    case JSON_REAL:
        lua_pushnumber(L, json_real_value(value));
        break;
    case JSON_NULL:
        lua_pushlightuserdata(L, NULL);
        break;
    default:
        lua_pushboolean(L, json_is_true(value));
        break;
    }
}

/* decode(text) → value; raises with line and column what is not JSON. */
static int json_decode(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    lua_settop(L, 1);
    struct tree *tree = new_tree(L);
    json_error_t error;
    tree->root =
        json_loadb(text, len, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);
    if (tree->root == NULL)
        peri_raise_code(L, PERI_E_ARGUMENT, "not JSON, at line %d, column %d: %s", error.line,
                        error.column, error.text);
    push(L, tree->root, 1);
    return 1;
}

/* array(t) → t, which is an array even when it is empty. */
static int json_mark(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_setmetatable(L, ARRAY);
    return 1;
}

static const luaL_Reg tree_meta[] = {
    {"__gc", tree_close},
    {"__close", tree_close},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"encode", json_encode},
    {"decode", json_decode},
    {"array", json_mark},
    {NULL, NULL},
};

int peri_open_json(lua_State *L)
{
    luaL_newmetatable(L, TREE);
    luaL_setfuncs(L, tree_meta, 0);
    luaL_newmetatable(L, ARRAY);
    luaL_newlib(L, functions);
    lua_pushlightuserdata(L, NULL);
    lua_setfield(L, -2, "null");
    lua_pushstring(L, jansson_version_str());
    lua_setfield(L, -2, "release");
    return 1;
}
