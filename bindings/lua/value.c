/* value.c: Lua tables as what the codec decodes into.
 *
 * While a sink is at work its values are on the Lua stack, above a few slots with what it
 * needs all the time. A value's key is pushed before the value, so that nothing is moved
 * when it is complete: stack: …, parent, key, value. Raw access throughout: no metamethod runs. */
#include "bindings/lua/value.h"

#include <lauxlib.h>

#include "bindings/lua/object.h"
#include "bindings/lua/time.h"
#include "runtime/base/alloc.h"

#define CODEC "perilune.codec"

enum { NAMES = 1 }; /* user value of a codec: names of fields, by number + 1 */

enum { MOST_PRESIZED = 64 }; /* elements of a list, for which the last one of its type is no sign */

struct codec {                             /* lives in a userdata in the registry */
    struct peri_vocabulary **vocabularies; /* by service; NULL while there was no answer of it */
    uint16_t *sizes; /* by type, and one more for all that is of none; then of lists */
};

static int codec_gc(lua_State *L)
{
    struct codec *codec = luaL_checkudata(L, 1, CODEC);
    for (size_t i = 0; codec->vocabularies != NULL && i < peri_schema_service_count(); i++)
        peri_vocabulary_free(codec->vocabularies[i]);
    peri_free(codec->vocabularies);
    peri_free(codec->sizes);
    *codec = (struct codec){0};
    return 0;
}

/* Pushes the codec's userdata, made at first use. */
static struct codec *push_codec(lua_State *L)
{
    if (lua_getfield(L, LUA_REGISTRYINDEX, CODEC ".state") == LUA_TUSERDATA)
        return lua_touserdata(L, -1);
    lua_pop(L, 1);
    struct codec *codec = lua_newuserdatauv(L, sizeof(*codec), 1);
    *codec = (struct codec){0};
    if (luaL_newmetatable(L, CODEC)) {
        lua_pushcfunction(L, codec_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_createtable(L, (int)peri_schema_name_count(), 0);
    lua_setiuservalue(L, -2, NAMES);
    codec->sizes = peri_alloc_array(2 * (peri_schema_type_count() + 1), sizeof(*codec->sizes));
    codec->vocabularies =
        peri_alloc_array(peri_schema_service_count(), sizeof(struct peri_vocabulary *));
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, CODEC ".state");
    return codec;
}

struct peri_vocabulary *peri_value_vocabulary(lua_State *L, uint8_t service)
{
    struct peri_vocabulary **vocabulary = &push_codec(L)->vocabularies[service];
    lua_pop(L, 1);
    if (*vocabulary != NULL && peri_vocabulary_is_full(*vocabulary)) {
        peri_vocabulary_free(*vocabulary);
        *vocabulary = NULL;
    }
    if (*vocabulary == NULL)
        *vocabulary = peri_vocabulary_new(service);
    return *vocabulary;
}

/* Pushes the name of a field; each is made a Lua string once. */
static void push_name(lua_State *L, int names, uint32_t number)
{
    if (lua_rawgeti(L, names, (lua_Integer)number + 1) == LUA_TSTRING)
        return;
    lua_pop(L, 1);
    lua_pushstring(L, peri_schema_name((uint16_t)number));
    lua_pushvalue(L, -1);
    lua_rawseti(L, names, (lua_Integer)number + 1);
}

/* ---- decoding ---- */

/* stack: parent → parent, key; nothing for the root and for items */
static void push_key(const struct peri_value_sink *s, const struct peri_sink_place *place)
{
    if (place->kind == PERI_PLACE_FIELD)
        push_name(s->L, s->names, place->number);
    else if (place->kind == PERI_PLACE_NAME || place->kind == PERI_PLACE_EXTRA)
        lua_pushlstring(s->L, place->name.data, place->name.len);
}

/* stack: parent, key, value → parent. A second value under the key makes a list of both; an object
 * has no length, so a table with one is such a list. */
static void set_extra(lua_State *L)
{
    lua_pushvalue(L, -2);
    int type = lua_rawget(L, -4);
    if (type == LUA_TNIL) {
        lua_pop(L, 1);
        lua_rawset(L, -3);
        return;
    }
    if (type != LUA_TTABLE || lua_rawlen(L, -1) == 0) {
        lua_createtable(L, 2, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
    }
    lua_insert(L, -2);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    lua_rawset(L, -3);
}

/* stack: parent, key, value → parent; or parent, value → parent; the root stays */
static void set_value(lua_State *L, const struct peri_sink_place *place)
{
    switch (place->kind) {
    case PERI_PLACE_FIELD:
    case PERI_PLACE_NAME:
        lua_rawset(L, -3);
        break;
    case PERI_PLACE_ITEM:
        lua_rawseti(L, -2, place->number);
        break;
    case PERI_PLACE_EXTRA:
        set_extra(L);
        break;
    case PERI_PLACE_ROOT:
        break;
    }
}

static void push_scalar(const struct peri_value_sink *s, const struct peri_scalar *value)
{
    lua_State *L = s->L;
    switch (value->kind) {
    case PERI_SCALAR_BOOLEAN:
        lua_pushboolean(L, value->as.boolean);
        break;
    case PERI_SCALAR_INTEGER:
        lua_pushinteger(L, value->as.integer);
        break;
    case PERI_SCALAR_NUMBER:
        lua_pushnumber(L, value->as.number);
        break;
    case PERI_SCALAR_STRING:
        lua_pushlstring(L, value->as.string.data, value->as.string.len);
        break;
    case PERI_SCALAR_TIME:
        peri_time_push(L, value->as.time_us);
        break;
    case PERI_SCALAR_REFERENCE:
        peri_object_push(L, s->objects, s->space, value);
        break;
    default:
        lua_pushnil(L);
        break;
    }
}

static void sink_put(void *arg, const struct peri_sink_place *place,
                     const struct peri_scalar *value)
{
    const struct peri_value_sink *s = arg;
    push_key(s, place);
    push_scalar(s, value);
    set_value(s->L, place);
}

static uint16_t *size_of(const struct peri_value_sink *s, const struct peri_sink_shape *shape)
{
    size_t count = peri_schema_type_count();
    size_t i = shape->type == NULL ? count : peri_schema_index(shape->type);
    return &s->sizes[shape->is_list ? count + 1 + i : i];
}

/* stack: parent, key → parent, key, table if there is one under it */
static bool push_existing(lua_State *L)
{
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TTABLE)
        return true;
    lua_pop(L, 1);
    return false;
}

static uint32_t sink_open(void *arg, const struct peri_sink_place *place,
                          const struct peri_sink_shape *shape)
{
    const struct peri_value_sink *s = arg;
    lua_State *L = s->L;
    luaL_checkstack(L, 8, "a value nested too deep");
    push_key(s, place);
    if (shape->is_again && push_existing(L))
        return (uint32_t)lua_rawlen(L, -1);
    uint16_t size = *size_of(s, shape);
    if (shape->is_list)
        lua_createtable(L, size < MOST_PRESIZED ? size : MOST_PRESIZED, 0);
    else
        lua_createtable(L, 0, size);
    if (shape->type_name.len > 0) {
        lua_pushvalue(L, s->type_name);
        lua_pushlstring(L, shape->type_name.data, shape->type_name.len);
        lua_rawset(L, -3);
    }
    return 0;
}

static void sink_close(void *arg, const struct peri_sink_place *place,
                       const struct peri_sink_shape *shape, uint32_t count)
{
    const struct peri_value_sink *s = arg;
    uint32_t size = count + (!shape->is_list && shape->type_name.len > 0 ? 1 : 0);
    *size_of(s, shape) = size > UINT16_MAX ? UINT16_MAX : (uint16_t)size;
    set_value(s->L, place);
}

void peri_value_sink_open(lua_State *L, int space, struct peri_value_sink *out)
{
    luaL_checkstack(L, PERI_VALUE_FIXED + 8, NULL);
    out->L = L;
    out->sink = (struct peri_sink){out, sink_put, sink_open, sink_close};
    out->sizes = push_codec(L)->sizes;
    lua_getiuservalue(L, -1, NAMES);
    lua_replace(L, -2);
    out->names = lua_gettop(L);
    lua_pushliteral(L, PERI_VALUE_TYPE_NAME);
    out->type_name = out->names + 1;
    peri_object_push_table(L, space);
    out->objects = out->names + 2;
    out->space = space;
}
