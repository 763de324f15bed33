/* object.c: perilune.c.object, references to managed objects, interned by connection.
 *
 * A space stands for one connection. It keeps a table of types, each with a table of the objects in
 * use by their ids, which holds them weakly. The user values of an object are its space, type and
 * id; beside them it knows where their bytes are. */
#include "bindings/lua/object.h"

#include <lauxlib.h>

#include "bindings/lua/modules.h"
#include "bindings/schema/schema.h"

#define OBJECT "perilune.object"
#define SPACE "perilune.space"

enum { OF_SPACE = 1, OF_TYPE, OF_ID }; /* user values of an object */
enum { TABLE = 1, CONNECTION };        /* user values of a space */

struct object {                           /* lives in a userdata */
    struct peri_str type, id;             /* of the strings in the user values */
    const struct peri_schema_type *known; /* what the schema knows by that type's name */
    bool is_looked_up;                    /* in the schema: when it is sent first */
};

void peri_object_push_table(lua_State *L, int space)
{
    luaL_checkudata(L, space, SPACE);
    lua_getiuservalue(L, space, TABLE);
}

/* Replaces the type on top by the table of its objects in use. */
static void open_type(lua_State *L, int table)
{
    lua_pushvalue(L, -1);
    if (lua_rawget(L, table) == LUA_TTABLE) {
        lua_remove(L, -2);
        return;
    }
    lua_pop(L, 1);
    lua_newtable(L);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "v");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_pushvalue(L, -1);
    lua_insert(L, -3);
    lua_rawset(L, table);
}

static struct peri_str string_at(lua_State *L, int index)
{
    struct peri_str s;
    s.data = lua_tolstring(L, index, &s.len);
    return s;
}

/* stack: objects of the type, id → objects of the type, id, object */
static void make(lua_State *L, int space, struct peri_str type)
{
    struct object *object = lua_newuserdatauv(L, sizeof(*object), 3);
    object->is_looked_up = false;
    luaL_setmetatable(L, OBJECT);
    lua_pushvalue(L, space);
    lua_setiuservalue(L, -2, OF_SPACE);
    lua_pushlstring(L, type.data, type.len);
    object->type = string_at(L, -1);
    lua_setiuservalue(L, -2, OF_TYPE);
    lua_pushvalue(L, -2);
    object->id = string_at(L, -1);
    lua_setiuservalue(L, -2, OF_ID);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_rawset(L, -5);
}

void peri_object_push(lua_State *L, int table, int space, const struct peri_scalar *reference)
{
    struct peri_str type = reference->as.reference.type, id = reference->as.reference.id;
    luaL_checkstack(L, 8, NULL);
    lua_pushlstring(L, type.data, type.len);
    open_type(L, table);
    lua_pushlstring(L, id.data, id.len);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -3) == LUA_TNIL) {
        lua_pop(L, 1);
        make(L, space, type);
    }
    lua_replace(L, -3);
    lua_pop(L, 1);
}

bool peri_object_read(lua_State *L, int index, struct peri_scalar *out)
{
    struct object *object = luaL_testudata(L, index, OBJECT);
    if (object == NULL)
        return false;
    if (!object->is_looked_up)
        object->known = peri_schema_find_type(object->type);
    object->is_looked_up = true;
    out->kind = PERI_SCALAR_REFERENCE;
    out->as.reference.type = object->type;
    out->as.reference.id = object->id;
    out->as.reference.known = object->known;
    return true;
}

/* space:object(type, id) */
static int space_object(lua_State *L)
{
    struct peri_scalar reference = {.kind = PERI_SCALAR_REFERENCE};
    struct peri_str *type = &reference.as.reference.type, *id = &reference.as.reference.id;
    luaL_checkudata(L, 1, SPACE);
    type->data = luaL_checklstring(L, 2, &type->len);
    id->data = luaL_checklstring(L, 3, &id->len);
    lua_settop(L, 3);
    peri_object_push_table(L, 1);
    peri_object_push(L, 4, 1, &reference);
    return 1;
}

/* space.connection, or a method */
static int space_index(lua_State *L)
{
    luaL_checkudata(L, 1, SPACE);
    const char *key = luaL_checkstring(L, 2);
    if (key[0] == 'o' && luaL_getmetafield(L, 1, key) != LUA_TNIL)
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    if (!lua_rawequal(L, 2, -1))
        return luaL_error(L, "a space has no %s", key);
    lua_getiuservalue(L, 1, CONNECTION);
    return 1;
}

static int space_newindex(lua_State *L)
{
    luaL_checkudata(L, 1, SPACE);
    lua_pushvalue(L, lua_upvalueindex(1));
    if (!lua_rawequal(L, 2, -1))
        return luaL_error(L, "a space has no %s", luaL_checkstring(L, 2));
    lua_settop(L, 3);
    lua_setiuservalue(L, 1, CONNECTION);
    return 0;
}

/* space(): a new space; space(object): the one it belongs to */
static int object_space(lua_State *L)
{
    if (!lua_isnoneornil(L, 1)) {
        luaL_checkudata(L, 1, OBJECT);
        lua_getiuservalue(L, 1, OF_SPACE);
        return 1;
    }
    lua_newuserdatauv(L, 0, 2);
    luaL_setmetatable(L, SPACE);
    lua_newtable(L);
    lua_setiuservalue(L, -2, TABLE);
    return 1;
}

static int push_part(lua_State *L, int user_value)
{
    luaL_checkudata(L, 1, OBJECT);
    lua_getiuservalue(L, 1, user_value);
    return 1;
}

/* type(object), id(object) */
static int object_type(lua_State *L)
{
    return push_part(L, OF_TYPE);
}

static int object_id(lua_State *L)
{
    return push_part(L, OF_ID);
}

/* is(value) */
static int object_is(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_pushboolean(L, luaL_testudata(L, 1, OBJECT) != NULL);
    return 1;
}

static int object_tostring(lua_State *L)
{
    object_type(L);
    object_id(L);
    lua_pushfstring(L, "%s:%s", lua_tostring(L, -2), lua_tostring(L, -1));
    return 1;
}

/* set_index(function(object, key) … end): what indexing an object does, for all objects */
static int object_set_index(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    luaL_getmetatable(L, OBJECT);
    lua_insert(L, 1);
    lua_setfield(L, 1, "__index");
    return 0;
}

static const luaL_Reg object_meta[] = {{"__tostring", object_tostring}, {NULL, NULL}};
static const luaL_Reg space_meta[] = {{"object", space_object},
                                      {"__index", space_index},
                                      {"__newindex", space_newindex},
                                      {NULL, NULL}};
static const luaL_Reg functions[] = {
    {"space", object_space}, {"type", object_type},           {"id", object_id},
    {"is", object_is},       {"set_index", object_set_index}, {NULL, NULL}};

int peri_open_object(lua_State *L)
{
    luaL_newmetatable(L, OBJECT);
    luaL_setfuncs(L, object_meta, 0);
    luaL_newmetatable(L, SPACE);
    lua_pushliteral(L, "connection");
    luaL_setfuncs(L, space_meta, 1);
    luaL_newlib(L, functions);
    return 1;
}
