/* time.c: perilune.c.time, points in time to the microsecond. */
#include "bindings/lua/time.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/raise.h"
#include "bindings/soap/stamp.h"

#define TIME "perilune.time"

static const double second_us = 1e6;

bool peri_time_read(lua_State *L, int index, int64_t *time_us)
{
    const int64_t *time = luaL_testudata(L, index, TIME);
    if (time != NULL)
        *time_us = *time;
    return time != NULL;
}

static int64_t check(lua_State *L, int index)
{
    const int64_t *time = luaL_checkudata(L, index, TIME);
    return *time;
}

/* Seconds at an index, as microseconds. */
static int64_t check_seconds(lua_State *L, int index)
{
    double us = luaL_checknumber(L, index) * second_us;
    luaL_argcheck(L, us > -9.2e18 && us < 9.2e18, index, "seconds out of range"); /* of 64 bits */
    return (int64_t)(us + (us < 0 ? -0.5 : 0.5));
}

static int64_t add(lua_State *L, int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b)
        luaL_error(L, "a time out of range");
    return a + b;
}

/* parse(text): raises soap.type for what is no time of ISO 8601 */
static int time_parse(lua_State *L)
{
    struct peri_str text;
    int64_t time_us;
    text.data = luaL_checklstring(L, 1, &text.len);
    if (!peri_stamp_read(text, &time_us))
        return peri_raise_code(L, PERI_E_SOAP_TYPE, "\"%s\" is no time as 2024-12-31T23:59:59Z",
                               text.data);
    peri_time_push(L, time_us);
    return 1;
}

/* from_unix(seconds): the time so many seconds after 1970 began */
static int time_from_unix(lua_State *L)
{
    peri_time_push(L, check_seconds(L, 1));
    return 1;
}

/* is(value) */
static int time_is(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, luaL_testudata(L, 1, TIME) != NULL);
    return 1;
}

/* time:unix(): seconds since 1970 began */
static int time_unix(lua_State *L)
{
    lua_pushnumber(L, (double)check(L, 1) / second_us);
    return 1;
}

/* time:microseconds(): since 1970 began */
static int time_microseconds(lua_State *L)
{
    lua_pushinteger(L, check(L, 1));
    return 1;
}

static int time_tostring(lua_State *L)
{
    char text[PERI_STAMP_SIZE];
    size_t len = peri_stamp_write(check(L, 1), text);
    if (len == 0)
        lua_pushfstring(L, "time: %I microseconds", (LUAI_UACINT)check(L, 1));
    else
        lua_pushlstring(L, text, len);
    return 1;
}

static int time_eq(lua_State *L)
{
    int64_t a, b;
    lua_pushboolean(L, peri_time_read(L, 1, &a) && peri_time_read(L, 2, &b) && a == b);
    return 1;
}

static int time_lt(lua_State *L)
{
    lua_pushboolean(L, check(L, 1) < check(L, 2));
    return 1;
}

static int time_le(lua_State *L)
{
    lua_pushboolean(L, check(L, 1) <= check(L, 2));
    return 1;
}

/* time + seconds, seconds + time */
static int time_add(lua_State *L)
{
    int time = luaL_testudata(L, 1, TIME) != NULL ? 1 : 2;
    peri_time_push(L, add(L, check(L, time), check_seconds(L, 3 - time)));
    return 1;
}

/* time - time: seconds; time - seconds: the time so long before */
static int time_sub(lua_State *L)
{
    int64_t other;
    if (peri_time_read(L, 2, &other))
        lua_pushnumber(L, ((double)check(L, 1) - (double)other) / second_us);
    else
        peri_time_push(L, add(L, check(L, 1), -check_seconds(L, 2)));
    return 1;
}

static const luaL_Reg methods[] = {
    {"unix", time_unix}, {"microseconds", time_microseconds}, {NULL, NULL}};
static const luaL_Reg meta[] = {
    {"__tostring", time_tostring}, {"__eq", time_eq},   {"__lt", time_lt}, {"__le", time_le},
    {"__add", time_add},           {"__sub", time_sub}, {NULL, NULL}};
/* Pushes the metatable, made at first use: decoders make times before anyone requires the module.
 */
static void push_meta(lua_State *L)
{
    if (!luaL_newmetatable(L, TIME))
        return;
    luaL_setfuncs(L, meta, 0);
    luaL_newlib(L, methods);
    lua_setfield(L, -2, "__index");
}

void peri_time_push(lua_State *L, int64_t time_us)
{
    int64_t *time = lua_newuserdatauv(L, sizeof(*time), 0);
    *time = time_us;
    push_meta(L);
    lua_setmetatable(L, -2);
}

static const luaL_Reg functions[] = {
    {"parse", time_parse}, {"from_unix", time_from_unix}, {"is", time_is}, {NULL, NULL}};

int peri_open_time(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
