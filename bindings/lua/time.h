/* time.h: points in time as Lua sees them. */
#ifndef PERI_LUA_TIME_H
#define PERI_LUA_TIME_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

/* Pushes a time, in microseconds since 1970 in UTC. */
void peri_time_push(lua_State *L, int64_t time_us);

/* Whether the value at an index is a time; then *time_us is it. */
bool peri_time_read(lua_State *L, int index, int64_t *time_us);

#endif
