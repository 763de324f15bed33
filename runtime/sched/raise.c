/* raise.c: errors of C as errors of Lua. */
#include "runtime/sched/raise.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Occurs in the names of the library's own chunks, compiled in or not. */
static const char OWN[] = "stdlib/perilune/";

static void set_string(lua_State *L, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void set_where(lua_State *L)
{
    lua_Debug frame;
    for (int level = 0; lua_getstack(L, level, &frame); level++) {
        lua_getinfo(L, "Sl", &frame);
        if (frame.currentline <= 0 || strstr(frame.source, OWN) != NULL)
            continue;
        lua_createtable(L, 0, 2);
        set_string(L, "file", frame.short_src);
        lua_pushinteger(L, frame.currentline);
        lua_setfield(L, -2, "line");
        lua_setfield(L, -2, "where");
        return;
    }
}

void peri_raise_push(lua_State *L, const struct peri_error *err)
{
    luaL_checkstack(L, 8, NULL);
    lua_createtable(L, 0, 6);
    luaL_newmetatable(L, PERI_RAISE_META);
    lua_setmetatable(L, -2);
    set_string(L, "code", peri_error_info(err->code)->name);
    set_string(L, "message", err->message);
    set_string(L, "path", err->path);
    set_string(L, "hint", err->hint);
    set_string(L, "detail", err->detail);
    set_where(L);
}

_Noreturn int peri_raise(lua_State *L, const struct peri_error *err)
{
    peri_raise_push(L, err);
    lua_error(L);
    abort(); /* lua_error has jumped */
}

_Noreturn int peri_raise_code(lua_State *L, enum peri_error_code code, const char *format, ...)
{
    struct peri_error err = {0};
    char message[PERI_ERROR_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    peri_error_set(&err, code, "%s", message);
    peri_raise(L, &err);
}
