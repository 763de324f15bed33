/* desk.c: Lua tables as what the codec encodes from.
 *
 * Lua keeps each short string once, so a field is known by the address of its name: no bytes are
 * compared, and a table is walked once. The strings stay pinned, so that no other gets the address.
 * Tables that were found stay on the Lua stack, their indices are the handles; scalars are
 * described at once, and their strings are kept by their tables. Raw access throughout: no
 * metamethod runs. */
#include "bindings/lua/desk.h"

#include <lauxlib.h>
#include <string.h>

#include "bindings/lua/object.h"
#include "bindings/lua/time.h"
#include "bindings/lua/value.h"
#include "runtime/base/alloc.h"
#include "runtime/base/limits.h"

#define DESK "perilune.desk"

enum { PINNED = 1 };             /* user value of a desk */
enum { SHORT = 40 };             /* bytes of the strings that Lua keeps once */
enum { FIRST_TYPES = 64 };       /* slots for names of types; doubled when half of them are used */
enum { MOST_KEPT = 256 * 1024 }; /* bytes that a desk keeps for the next request */

/* ---- names ---- */

struct name {
    const void *at; /* of the Lua string; NULL: the slot is free */
    uint16_t number;
    uint8_t service; /* for which it means that */
};

struct peri_names {
    size_t size, used; /* size is a power of two, more than used */
    uint64_t required[PERI_SHAPE_WORDS];
    struct name slots[];
};

static struct peri_names *new_names(size_t count)
{
    size_t size = 4;
    while (size < 2 * count)
        size *= 2;
    struct peri_names *names = peri_alloc(sizeof(*names) + size * sizeof(struct name)); /* zeroed */
    names->size = size;
    return names;
}

/* Where a name is, or would be. */
static struct name *slot_of(struct peri_names *names, const void *at, uint8_t service)
{
    size_t i = ((uintptr_t)at * UINT64_C(0x9E3779B97F4A7C15)) >> 32;
    for (;; i++) {
        struct name *slot = &names->slots[i & (names->size - 1)];
        if (slot->at == NULL || (slot->at == at && slot->service == service))
            return slot;
    }
}

static void set_name(struct peri_names *names, const void *at, uint8_t service, uint16_t number)
{
    struct name *slot = slot_of(names, at, service);
    names->used += slot->at == NULL;
    *slot = (struct name){at, number, service};
}

/* Keeps the string on top for good, and pops it. */
static const void *pin(struct peri_desk *d)
{
    const void *at = lua_topointer(d->L, -1);
    lua_pushboolean(d->L, 1);
    lua_rawset(d->L, d->pinned);
    return at;
}

/* The names of a shape's fields. Lua may run out of memory for one: then the desk is not returned,
 * and collected with what it has. */
static void fill_fields(struct peri_desk *d, const struct peri_shape *shape,
                        struct peri_names *names)
{
    for (size_t i = 0; i < peri_shape_count(shape); i++) {
        const struct peri_schema_field *field = peri_shape_field(shape, i);
        if (!(field->flags & PERI_SCHEMA_OPTIONAL))
            names->required[i / 64] |= UINT64_C(1) << (i % 64);
        struct peri_str name = peri_schema_field_name(field);
        if (name.len > SHORT)
            continue;
        lua_pushlstring(d->L, name.data, name.len);
        set_name(names, pin(d), 0, (uint16_t)i);
    }
}

/* The same, made when the shape is met first. */
static struct peri_names *fields_of(struct peri_desk *d, const struct peri_shape *shape)
{
    struct peri_names **names = shape->type != NULL ? &d->types[peri_schema_index(shape->type)]
                                : shape->method != NULL
                                    ? &d->methods[shape->method - peri_schema_method(0)]
                                    : &d->methods[peri_schema_method_count()];
    if (*names == NULL) {
        *names = new_names(peri_shape_count(shape));
        fill_fields(d, shape, *names);
    }
    return *names;
}

/* ---- values ---- */

static void describe_userdata(lua_State *L, int index, struct peri_scalar *out)
{
    if (peri_object_read(L, index, out))
        return;
    out->kind = PERI_SCALAR_TIME;
    if (peri_time_read(L, index, &out->as.time_us))
        return;
    out->kind = PERI_SCALAR_OTHER;
    out->as.string = peri_str_of("a userdata");
}

static void describe_number(lua_State *L, int index, struct peri_scalar *out)
{
    int is_integer;
    out->as.integer = lua_tointegerx(L, index, &is_integer);
    out->kind = is_integer && lua_isinteger(L, index) ? PERI_SCALAR_INTEGER : PERI_SCALAR_NUMBER;
    if (out->kind == PERI_SCALAR_NUMBER)
        out->as.number = lua_tonumber(L, index);
}

static void describe(lua_State *L, int index, int type, struct peri_scalar *out)
{
    switch (type) {
    case LUA_TBOOLEAN:
        out->kind = PERI_SCALAR_BOOLEAN;
        out->as.boolean = lua_toboolean(L, index);
        break;
    case LUA_TNUMBER:
        describe_number(L, index, out);
        break;
    case LUA_TSTRING:
        out->kind = PERI_SCALAR_STRING;
        out->as.string.data = lua_tolstring(L, index, &out->as.string.len);
        break;
    case LUA_TUSERDATA:
        describe_userdata(L, index, out);
        break;
    default:
        out->kind = PERI_SCALAR_OTHER;
        out->as.string = peri_str_of(type == LUA_TFUNCTION ? "a function" : "what is no value");
        break;
    }
}

/* What is on top: a table stays there; a scalar is described and popped, its table keeps it. */
static void take_top(lua_State *L, struct peri_source_value *out)
{
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE) {
        luaL_checkstack(L, 8, "a value nested too deep");
        out->found = PERI_SOURCE_TABLE;
        out->table = lua_gettop(L);
        return;
    }
    out->found = type == LUA_TNIL ? PERI_SOURCE_NOTHING : PERI_SOURCE_SCALAR;
    if (type != LUA_TNIL)
        describe(L, -1, type, &out->scalar);
    lua_pop(L, 1);
}

static void source_root(void *arg, struct peri_source_value *out)
{
    const struct peri_desk *d = arg;
    lua_pushvalue(d->L, d->value);
    take_top(d->L, out);
}

static void source_item(void *arg, int table, uint32_t index, struct peri_source_value *out)
{
    const struct peri_desk *d = arg;
    lua_rawgeti(d->L, table, index);
    take_top(d->L, out);
}

static void source_named(void *arg, int table, const char *name, struct peri_source_value *out)
{
    const struct peri_desk *d = arg;
    lua_pushstring(d->L, name);
    lua_rawget(d->L, table);
    take_top(d->L, out);
}

static void source_leave_item(void *arg, const struct peri_source_value *item)
{
    const struct peri_desk *d = arg;
    if (item->found == PERI_SOURCE_TABLE)
        lua_settop(d->L, item->table - 1);
}

static bool source_is_list(void *arg, int table, uint32_t *length)
{
    const struct peri_desk *d = arg;
    size_t len = lua_rawlen(d->L, table), count = 0;
    *length = len > UINT32_MAX ? UINT32_MAX : (uint32_t)len;
    lua_pushnil(d->L);
    while (lua_next(d->L, table)) {
        lua_pop(d->L, 1);
        if (lua_topointer(d->L, -1) == d->type_key_at)
            continue;
        count++;
        if (!lua_isinteger(d->L, -1)) {
            lua_pop(d->L, 1);
            return false;
        }
    }
    return count == *length;
}

/* ---- what tables say they are ---- */

/* The type of a name that was not met before; the string on top. */
static const struct peri_schema_type *meet_type(struct peri_desk *d, uint8_t service,
                                                struct peri_str name)
{
    const struct peri_schema_type *type = peri_schema_find_type_in(service, name);
    if (type == NULL || name.len > SHORT)
        return type;
    lua_pushvalue(d->L, -1);
    if (2 * (d->type_names->used + 1) > d->type_names->size) {
        struct peri_names *larger = new_names(d->type_names->size);
        for (size_t i = 0; i < d->type_names->size; i++) {
            const struct name *old = &d->type_names->slots[i];
            if (old->at != NULL)
                set_name(larger, old->at, old->service, old->number);
        }
        peri_free(d->type_names);
        d->type_names = larger;
    }
    set_name(d->type_names, pin(d), service, peri_schema_index(type));
    return type;
}

static bool source_type(void *arg, int table, uint8_t service, struct peri_source_type *out)
{
    struct peri_desk *d = arg;
    lua_pushvalue(d->L, d->type_key);
    bool is_there = lua_rawget(d->L, table) == LUA_TSTRING;
    if (is_there) {
        out->name.data = lua_tolstring(d->L, -1, &out->name.len);
        const struct name *known = slot_of(d->type_names, lua_topointer(d->L, -1), service);
        out->type =
            known->at != NULL ? peri_schema_type(known->number) : meet_type(d, service, out->name);
    }
    lua_pop(d->L, 1);
    return is_there;
}

/* A text is a marked table with a string at 1; pairs would be tables there. */
static enum peri_source_mark source_mark(void *arg, int table, struct peri_str *out)
{
    const struct peri_desk *d = arg;
    lua_State *L = d->L;
    if (!lua_getmetatable(L, table))
        return PERI_SOURCE_CHECKED;
    luaL_getmetatable(L, PERI_DESK_UNCHECKED);
    bool is_marked = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    if (!is_marked)
        return PERI_SOURCE_CHECKED;
    bool is_text = lua_rawgeti(L, table, 1) == LUA_TSTRING;
    if (is_text)
        out->data = lua_tolstring(L, -1, &out->len);
    lua_pop(L, 1);
    return is_text ? PERI_SOURCE_TEXT : PERI_SOURCE_UNCHECKED;
}

/* ---- fields ---- */

/* The place of a field whose name, the key below the value on top, is too long to be known by its
 * address, or is none: -1, and what the key is. */
static int find_slowly(lua_State *L, const struct peri_shape *shape, struct peri_source_key *key)
{
    *key = (struct peri_source_key){lua_isinteger(L, -2), {"", 0}};
    if (lua_type(L, -2) != LUA_TSTRING) {
        if (!key->is_index)
            key->name = peri_str_of(luaL_typename(L, -2));
        return -1;
    }
    key->name.data = lua_tolstring(L, -2, &key->name.len);
    uint16_t number = peri_schema_find_name(key->name);
    return number == PERI_SCHEMA_NONE ? -1 : peri_shape_find(shape, number);
}

/* Makes room for the values of a shape's fields. */
static size_t reserve_values(struct peri_desk *d, size_t count)
{
    size_t first = d->used;
    d->used += count;
    if (d->used > d->room) {
        d->room = 2 * d->used;
        d->source.values = peri_realloc(d->source.values, d->room * sizeof(*d->source.values));
    }
    return first;
}

/* Takes the value on top for a field; the key stays on top. */
static void take_field(struct peri_desk *d, struct peri_source_fields *out, int place)
{
    struct peri_source_value *value = &d->source.values[out->first + (size_t)place];
    out->seen[place / 64] |= UINT64_C(1) << (place % 64);
    take_top(d->L, value);
    if (value->found == PERI_SOURCE_TABLE) {
        lua_insert(d->L, -2);
        value->table--;
    }
}

static bool source_fields(void *arg, int table, const struct peri_shape *shape, bool may_have_list,
                          struct peri_source_fields *out, struct peri_source_key *unknown)
{
    struct peri_desk *d = arg;
    lua_State *L = d->L;
    struct peri_names *names = fields_of(d, shape);
    *out = (struct peri_source_fields){.top = lua_gettop(L)};
    out->first = reserve_values(d, peri_shape_count(shape));
    luaL_checkstack(L, 8, "a value nested too deep");
    lua_pushnil(L);
    while (lua_next(L, table)) {
        const void *key = lua_topointer(L, -2);
        const struct name *known = slot_of(names, key, 0);
        int place = known->at != NULL && key != NULL ? known->number : -1;
        if (place < 0 && key != d->type_key_at)
            place = find_slowly(L, shape, unknown);
        if (place >= 0)
            take_field(d, out, place);
        else if (key == d->type_key_at || (may_have_list && unknown->is_index))
            lua_pop(L, 1);
        else
            return false;
    }
    for (size_t i = 0; i < PERI_SHAPE_WORDS; i++)
        out->missing[i] = names->required[i] & ~out->seen[i];
    return true;
}

static void source_leave_fields(void *arg, const struct peri_source_fields *fields)
{
    struct peri_desk *d = arg;
    d->used = fields->first;
    lua_settop(d->L, fields->top);
}

/* ---- desks ---- */

static void free_all(struct peri_names **names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++)
        peri_free(names[i]);
    peri_free(names);
}

static int desk_gc(lua_State *L)
{
    struct peri_desk *d = luaL_checkudata(L, 1, DESK);
    peri_buf_deinit(&d->out);
    peri_free(d->source.values);
    peri_free(d->type_names);
    free_all(d->types, peri_schema_type_count());
    free_all(d->methods, peri_schema_method_count() + 1);
    *d = (struct peri_desk){0};
    return 0;
}

static struct peri_desk *new_desk(lua_State *L)
{
    struct peri_desk *d = lua_newuserdatauv(L, sizeof(*d), 1);
    *d = (struct peri_desk){0};
    if (luaL_newmetatable(L, DESK)) {
        lua_pushcfunction(L, desk_gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_setmetatable(L, -2);
    lua_newtable(L);
    lua_setiuservalue(L, -2, PINNED);
    peri_buf_init(&d->out, PERI_LIMIT_REQUEST);
    d->types = peri_alloc_array(peri_schema_type_count(), sizeof(*d->types));
    d->methods = peri_alloc_array(peri_schema_method_count() + 1, sizeof(*d->methods));
    d->type_names = new_names(FIRST_TYPES / 2);
    d->source = (struct peri_source){.arg = d,
                                     .root = source_root,
                                     .fields = source_fields,
                                     .leave_fields = source_leave_fields,
                                     .item = source_item,
                                     .named = source_named,
                                     .leave_item = source_leave_item,
                                     .is_list = source_is_list,
                                     .type = source_type,
                                     .mark = source_mark};
    return d;
}

struct peri_desk *peri_desk_take(lua_State *L, int value)
{
    luaL_checkstack(L, 16, NULL);
    struct peri_desk *d;
    if (lua_getfield(L, LUA_REGISTRYINDEX, DESK ".spare") == LUA_TUSERDATA) {
        d = lua_touserdata(L, -1);
        lua_pushnil(L);
        lua_setfield(L, LUA_REGISTRYINDEX, DESK ".spare");
    } else {
        lua_pop(L, 1);
        d = new_desk(L);
    }
    d->L = L;
    d->value = value;
    d->used = 0;
    peri_buf_clear(&d->out);
    lua_getiuservalue(L, -1, PINNED);
    d->pinned = lua_gettop(L);
    lua_pushliteral(L, PERI_VALUE_TYPE_NAME);
    d->type_key = d->pinned + 1;
    d->type_key_at = lua_topointer(L, -1);
    return d;
}

void peri_desk_return(lua_State *L, struct peri_desk *d)
{
    if (d->out.size > MOST_KEPT)
        peri_buf_deinit(&d->out);
    lua_pushvalue(L, d->pinned - 1);
    lua_setfield(L, LUA_REGISTRYINDEX, DESK ".spare");
}
