/* searcher.c: where require finds the modules of Perilune itself. */
#include "runtime/engine/searcher.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/engine/module.h"
#include "runtime/engine/script.h"

/* Each search pushes a loader and an argument for it and returns true, or pushes nothing. */

static bool search_c(lua_State *L, const char *name)
{
    for (const struct peri_module *module = peri_modules; module->name != NULL; module++) {
        if (strcmp(module->name, name) != 0)
            continue;
        lua_pushcfunction(L, module->open);
        lua_pushliteral(L, ":c:");
        return true;
    }
    return false;
}

static bool load_file(lua_State *L, const char *directory, const char *relative)
{
    const char *path = lua_pushfstring(L, "%s/%s", directory, relative);
    if (access(path, R_OK) != 0) {
        lua_pop(L, 1);
        return false;
    }
    if (luaL_loadfilex(L, path, "t") != LUA_OK)
        lua_error(L);
    lua_insert(L, -2);
    return true;
}

static bool search_directory(lua_State *L, const char *directory, const char *name)
{
    if (directory == NULL)
        return false;
    const char *stem = luaL_gsub(L, name, ".", "/");
    const char *file = lua_pushfstring(L, "%s.lua", stem);
    const char *init = lua_pushfstring(L, "%s/init.lua", stem);
    return load_file(L, directory, file) || load_file(L, directory, init);
}

static int compare(const void *name, const void *script)
{
    return strcmp(name, ((const struct peri_script *)script)->name);
}

static bool search_compiled(lua_State *L, const char *name)
{
    const struct peri_script *script =
        bsearch(name, peri_scripts, peri_script_count, sizeof(*peri_scripts), compare);
    if (script == NULL)
        return false;
    if (luaL_loadbufferx(L, script->data, script->size, script->chunk, "b") != LUA_OK)
        lua_error(L);
    lua_pushstring(L, script->chunk + 1);
    return true;
}

/* The searcher: upvalue 1 is the directory or nil. */
static int search(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const char *directory = lua_tostring(L, lua_upvalueindex(1));
    if (search_c(L, name) || search_directory(L, directory, name) || search_compiled(L, name))
        return 2;
    lua_pushfstring(L, "no module '%s' in perilune", name);
    return 1;
}

void peri_searcher_install(lua_State *L, const char *directory)
{
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "searchers");
    lua_newtable(L);
    lua_geti(L, -2, 1); /* package.preload */
    lua_seti(L, -2, 1);
    lua_pushstring(L, directory);
    lua_pushcclosure(L, search, 1);
    lua_seti(L, -2, 2);
    lua_setfield(L, -3, "searchers");
    lua_pop(L, 1);
    const char *const emptied[] = {"path", "cpath"};
    for (size_t i = 0; i < sizeof(emptied) / sizeof(*emptied); i++) {
        lua_pushliteral(L, "");
        lua_setfield(L, -2, emptied[i]);
    }
    lua_pushnil(L);
    lua_setfield(L, -2, "loadlib");
    lua_pop(L, 1);
}
