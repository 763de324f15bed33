/* options.h: reading a table of named options that a Lua caller gave, strictly.
 *
 * Fields are read raw. A string stays valid for as long as the table holds it. What is wrong is
 * raised as `argument`, naming the option. */
#ifndef PERI_LUA_OPTIONS_H
#define PERI_LUA_OPTIONS_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Raises unless there is a table at index whose keys are all among names (NULL at the end), with
 * the nearest name to a misspelt one. */
void peri_options_check(lua_State *L, int index, const char *const *names);

/* The string of an option and, unless len is NULL, its length; NULL if it is nil. */
const char *peri_options_string(lua_State *L, int index, const char *name, size_t *len);

/* Whether an option is true; nil is false. */
bool peri_options_boolean(lua_State *L, int index, const char *name);

/* The whole number of an option, from 0 to most; otherwise if it is nil. */
uint64_t peri_options_integer(lua_State *L, int index, const char *name, uint64_t most,
                              uint64_t otherwise);

/* The seconds of an option in milliseconds, rounded up, 1 at least; 0 if it is nil, UINT64_MAX if
 * it is false or math.huge: no limit. */
uint64_t peri_options_ms(lua_State *L, int index, const char *name);

/* The strings of an option, which is one or a list of them; count receives how many. Pushes a value
 * that must stay on the stack for as long as they are used. */
const char *const *peri_options_strings(lua_State *L, int index, const char *name, size_t *count);

#endif
