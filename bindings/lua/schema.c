/* schema.c: perilune.c.schema, descriptions of the API's types and methods as Lua tables.
 *
 * A type is named as in the API; where several services have one of that name, the core's is meant,
 * or the first service's, and "sms:InvalidUrl" is that of another.
 *
 * For documentation, checking and completion; the codec reads the tables itself. */
#include <lauxlib.h>
#include <string.h>
#include <strings.h>

#include "bindings/lua/modules.h"
#include "bindings/schema/near.h"
#include "bindings/schema/property.h"
#include "bindings/schema/schema.h"

static const char *const kind_names[] = {
    [PERI_SCHEMA_ENUM] = "enum", [PERI_SCHEMA_DATA] = "data", [PERI_SCHEMA_MANAGED] = "managed"};

static struct peri_str check_str(lua_State *L, int index)
{
    struct peri_str s;
    s.data = luaL_checklstring(L, index, &s.len);
    return s;
}

static void set_string(lua_State *L, const char *key, const char *value)
{
    if (value[0] == '\0')
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, key);
}

static void set_flag(lua_State *L, const char *key, bool is_set)
{
    if (!is_set)
        return;
    lua_pushboolean(L, 1);
    lua_setfield(L, -2, key);
}

/* The name that tells a type from all others. */
static void push_full_name(lua_State *L, const struct peri_schema_type *type)
{
    const char *name = peri_schema_type_name(type);
    if (peri_schema_find_type(peri_str_of(name)) == type)
        lua_pushstring(L, name);
    else
        lua_pushfstring(L, "%s:%s", peri_schema_text(peri_schema_service(type->service)->name),
                        name);
}

static void set_type(lua_State *L, const char *key, uint16_t index)
{
    if (index == PERI_SCHEMA_NONE)
        return;
    push_full_name(L, peri_schema_type(index));
    lua_setfield(L, -2, key);
}

static void set_flags(lua_State *L, uint8_t flags)
{
    set_flag(L, "array", flags & PERI_SCHEMA_ARRAY);
    set_flag(L, "optional", flags & PERI_SCHEMA_OPTIONAL);
    set_flag(L, "secret", flags & PERI_SCHEMA_SECRET);
    set_flag(L, "link", flags & PERI_SCHEMA_LINK);
}

/* A field, property or parameter. */
static void push_field(lua_State *L, const struct peri_schema_field *f)
{
    lua_createtable(L, 0, 8);
    set_string(L, "name", peri_schema_name(f->name));
    set_type(L, "type", f->type);
    set_flags(L, f->flags);
    set_string(L, "since", peri_schema_version(f->service, f->since));
    set_string(L, "privilege", peri_schema_text(f->privilege));
}

static const struct peri_schema_type *base_of(const struct peri_schema_type *type)
{
    return type->base == PERI_SCHEMA_NONE ? NULL : peri_schema_type(type->base);
}

/* Appends the fields that a type and its bases declare, those of the bases first. */
static void add_fields(lua_State *L, const struct peri_schema_type *type)
{
    if (base_of(type) != NULL)
        add_fields(L, base_of(type));
    for (size_t i = 0; i < type->count; i++) {
        push_field(L, peri_schema_own(type, i));
        set_string(L, "owner", peri_schema_type_name(type));
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
}

static void add_method_names(lua_State *L, const struct peri_schema_type *type)
{
    if (base_of(type) != NULL)
        add_method_names(L, base_of(type));
    for (uint16_t i = 0; i < type->method_count; i++) {
        const struct peri_schema_method *m = peri_schema_method((uint16_t)(type->method + i));
        lua_pushstring(L, peri_schema_text(m->name));
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
}

static void set_members(lua_State *L, const struct peri_schema_type *type)
{
    lua_createtable(L, type->count, 0);
    for (size_t i = 0; i < type->count; i++) {
        lua_pushstring(L, peri_schema_member(type, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "members");
}

static void set_fields(lua_State *L, const struct peri_schema_type *type)
{
    lua_newtable(L);
    add_fields(L, type);
    lua_setfield(L, -2, "fields");
    lua_pushinteger(L, type->count);
    lua_setfield(L, -2, "own");
}

static void push_type(lua_State *L, const struct peri_schema_type *type)
{
    lua_createtable(L, 0, 8);
    set_string(L, "kind", kind_names[type->kind]);
    set_string(L, "name", peri_schema_type_name(type));
    set_type(L, "base", type->base);
    set_string(L, "since", peri_schema_version(type->service, type->since));
    set_string(L, "service", peri_schema_text(peri_schema_service(type->service)->name));
    if (type->kind == PERI_SCHEMA_ENUM) {
        set_members(L, type);
        return;
    }
    set_fields(L, type);
    if (type->kind != PERI_SCHEMA_MANAGED)
        return;
    lua_newtable(L);
    add_method_names(L, type);
    lua_setfield(L, -2, "methods");
}

static void set_params(lua_State *L, const struct peri_schema_method *m)
{
    lua_createtable(L, m->param_count, 0);
    for (size_t i = 0; i < m->param_count; i++) {
        push_field(L, peri_schema_param(m, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "params");
}

static void set_result(lua_State *L, const char *key, uint16_t type, uint8_t flags)
{
    if (type == PERI_SCHEMA_NONE)
        return;
    lua_createtable(L, 0, 4);
    set_type(L, "type", type);
    set_flags(L, flags);
    lua_setfield(L, -2, key);
}

static void set_faults(lua_State *L, const struct peri_schema_method *m)
{
    lua_createtable(L, m->fault_count, 0);
    for (size_t i = 0; i < m->fault_count; i++) {
        push_full_name(L, peri_schema_fault(m, i));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "faults");
}

static void push_method(lua_State *L, const struct peri_schema_method *m)
{
    uint8_t service = peri_schema_type(m->owner)->service;
    lua_createtable(L, 0, 10);
    set_string(L, "name", peri_schema_text(m->name));
    set_type(L, "owner", m->owner);
    set_string(L, "since", peri_schema_version(service, m->since));
    set_string(L, "privilege", peri_schema_text(m->privilege));
    set_string(L, "service", peri_schema_text(peri_schema_service(service)->name));
    set_params(L, m);
    set_result(L, "result", m->result, m->flags);
    lua_pushboolean(L, (m->flags & PERI_SCHEMA_TASK) != 0);
    lua_setfield(L, -2, "is_task");
    set_result(L, "task_result", m->task_result, m->task_flags);
    set_faults(L, m);
}

/* A type by its name, before which may be that of its service. */
static const struct peri_schema_type *find_type(struct peri_str name)
{
    const char *colon = memchr(name.data, ':', name.len);
    if (colon == NULL)
        return peri_schema_find_type(name);
    size_t prefix = (size_t)(colon - name.data);
    const struct peri_schema_service *s =
        peri_schema_find_service((struct peri_str){name.data, prefix});
    if (s == NULL)
        return NULL;
    uint8_t service = peri_schema_service_index(s);
    struct peri_str rest = {colon + 1, name.len - prefix - 1};
    const struct peri_schema_type *type = peri_schema_find_type_in(service, rest);
    return type != NULL && type->service == service ? type : NULL;
}

/* type(name): its description, or nil and the nearest name */
static int schema_type(lua_State *L)
{
    struct peri_str name = check_str(L, 1);
    const struct peri_schema_type *type = find_type(name);
    if (type != NULL && type->kind >= PERI_SCHEMA_BUILTINS) {
        push_type(L, type);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, peri_near_type(PERI_SCHEMA_ANY_SERVICE, NULL, name)); /* nil for NULL */
    return 2;
}

/* A type by its name at an index; raises when there is none of the kind. */
static const struct peri_schema_type *check_type(lua_State *L, int index, uint8_t kind)
{
    const struct peri_schema_type *type = find_type(check_str(L, index));
    luaL_argexpected(L, type != NULL && type->kind == kind, index,
                     kind == PERI_SCHEMA_MANAGED ? "a managed type" : "a data type");
    return type;
}

/* method(type, name): its description, own or inherited, or nil and the nearest name */
static int schema_method(lua_State *L)
{
    const struct peri_schema_type *type = check_type(L, 1, PERI_SCHEMA_MANAGED);
    struct peri_str name = check_str(L, 2);
    const struct peri_schema_method *m = peri_schema_find_method_in(type->service, name);
    if (m != NULL && peri_schema_is(type, peri_schema_type(m->owner))) {
        push_method(L, m);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, peri_near_method(type, name));
    return 2;
}

/* methods(type): the names of all methods of a managed type, inherited ones first */
static int schema_methods(lua_State *L)
{
    lua_newtable(L);
    add_method_names(L, check_type(L, 1, PERI_SCHEMA_MANAGED));
    return 1;
}

static void push_type_names(lua_State *L, bool (*is_wanted)(uint8_t kind))
{
    lua_Integer n = 0;
    lua_newtable(L);
    for (size_t i = PERI_SCHEMA_BUILTINS; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *type = peri_schema_type((uint16_t)i);
        if (!is_wanted(type->kind))
            continue;
        push_full_name(L, type);
        lua_rawseti(L, -2, ++n);
    }
}

static bool is_data(uint8_t kind)
{
    return kind == PERI_SCHEMA_DATA;
}

static bool is_enum(uint8_t kind)
{
    return kind == PERI_SCHEMA_ENUM;
}

static bool is_managed(uint8_t kind)
{
    return kind == PERI_SCHEMA_MANAGED;
}

static void push_method_names(lua_State *L)
{
    lua_newtable(L);
    for (size_t i = 0; i < peri_schema_method_count(); i++) {
        const struct peri_schema_method *m = peri_schema_method((uint16_t)i);
        lua_pushfstring(L, "%s.%s", peri_schema_type_name(peri_schema_type(m->owner)),
                        peri_schema_text(m->name));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static const char *const options[] = {"type", "enum", "managed", "method", NULL};
static bool (*const is_of[])(uint8_t) = {is_data, is_enum, is_managed};

/* names("type" | "enum" | "managed" | "method"): all of them; methods as "Folder.CreateVM_Task" */
static int schema_names(lua_State *L)
{
    int option = luaL_checkoption(L, 1, NULL, options);
    if (option == 3)
        push_method_names(L);
    else
        push_type_names(L, is_of[option]);
    return 1;
}

static bool has_word(const char *name, const char *word)
{
    size_t len = strlen(word);
    while (*name != '\0' && strncasecmp(name, word, len) != 0)
        name++;
    return *name != '\0';
}

/* Whether a name has all words, which are the values from index 2 to last. */
static bool has_words(lua_State *L, int last, const char *name)
{
    for (int i = 2; i <= last; i++)
        if (!has_word(name, lua_tostring(L, i)))
            return false;
    return true;
}

/* Whether the type's own fields, properties or members have one with such a name. */
static bool owns_words(lua_State *L, int last, const struct peri_schema_type *type)
{
    bool is_owner = false;
    for (size_t i = 0; !is_owner && i < type->count; i++)
        is_owner = has_words(L, last,
                             type->kind == PERI_SCHEMA_ENUM
                                 ? peri_schema_member(type, i)
                                 : peri_schema_name(peri_schema_own(type, i)->name));
    return is_owner;
}

/* holding("type" | "enum" | "managed", word, …): those that have all words, whatever their case, in
 * their name, or in the name of a member, field or property of their own */
static int schema_holding(lua_State *L)
{
    int last = lua_gettop(L), option = luaL_checkoption(L, 1, NULL, options);
    luaL_argcheck(L, option < 3, 1, "methods hold nothing");
    for (int i = 2; i <= last; i++)
        luaL_argcheck(L, lua_type(L, i) == LUA_TSTRING, i, "a word is a string");
    lua_newtable(L);
    for (size_t i = PERI_SCHEMA_BUILTINS; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *type = peri_schema_type((uint16_t)i);
        if (!is_of[option](type->kind))
            continue;
        push_full_name(L, type);
        if (has_words(L, last, lua_tostring(L, -1)) || owns_words(L, last, type))
            lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
        else
            lua_pop(L, 1);
    }
    return 1;
}

/* Appends { owner =, name =, array =, kind = } to the list on top. owner: a type, or a method as
 * "Folder:CreateVM_Task". */
static void add_use(lua_State *L, const struct peri_schema_type *owner, const char *method,
                    const struct peri_schema_field *f, const char *kind)
{
    lua_createtable(L, 0, 4);
    push_full_name(L, owner);
    if (method != NULL) {
        lua_pushfstring(L, "%s:%s", lua_tostring(L, -1), method);
        lua_remove(L, -2);
    }
    lua_setfield(L, -2, "owner");
    set_string(L, "name", peri_schema_name(f->name));
    set_string(L, "kind", kind);
    set_flag(L, "array", f->flags & PERI_SCHEMA_ARRAY);
    lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static void add_uses_in_fields(lua_State *L, uint16_t wanted)
{
    for (size_t i = PERI_SCHEMA_BUILTINS; i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *type = peri_schema_type((uint16_t)i);
        bool is_managed_type = type->kind == PERI_SCHEMA_MANAGED;
        for (size_t k = 0; type->kind != PERI_SCHEMA_ENUM && k < type->count; k++)
            if (peri_schema_own(type, k)->type == wanted)
                add_use(L, type, NULL, peri_schema_own(type, k),
                        is_managed_type ? "property" : "field");
    }
}

static void add_uses_in_methods(lua_State *L, uint16_t wanted)
{
    for (size_t i = 0; i < peri_schema_method_count(); i++) {
        const struct peri_schema_method *m = peri_schema_method((uint16_t)i);
        for (size_t k = 0; k < m->param_count; k++)
            if (peri_schema_param(m, k)->type == wanted)
                add_use(L, peri_schema_type(m->owner), peri_schema_text(m->name),
                        peri_schema_param(m, k), "param");
    }
}

/* uses(type): where it is declared: fields, properties and parameters */
static int schema_uses(lua_State *L)
{
    const struct peri_schema_type *type = find_type(check_str(L, 1));
    lua_newtable(L);
    if (type == NULL)
        return 1;
    add_uses_in_fields(L, peri_schema_index(type));
    add_uses_in_methods(L, peri_schema_index(type));
    return 1;
}

/* base(type): the name of what it extends, or nil */
static int schema_base(lua_State *L)
{
    const struct peri_schema_type *type = find_type(check_str(L, 1));
    if (type == NULL || base_of(type) == NULL)
        lua_pushnil(L);
    else
        push_full_name(L, base_of(type));
    return 1;
}

/* extending(type): the names of the types that extend it directly */
static int schema_extending(lua_State *L)
{
    const struct peri_schema_type *type = find_type(check_str(L, 1));
    lua_newtable(L);
    for (size_t i = PERI_SCHEMA_BUILTINS; type != NULL && i < peri_schema_type_count(); i++) {
        const struct peri_schema_type *other = peri_schema_type((uint16_t)i);
        if (other->base != peri_schema_index(type))
            continue;
        push_full_name(L, other);
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

static bool returns(const struct peri_schema_method *m, uint16_t wanted)
{
    return m->task_result == wanted || (m->result == wanted && !(m->flags & PERI_SCHEMA_TASK));
}

/* returning(type): the methods that return it, or whose task does, as "Folder:CreateVM_Task" */
static int schema_returning(lua_State *L)
{
    const struct peri_schema_type *type = find_type(check_str(L, 1));
    lua_newtable(L);
    for (size_t i = 0; type != NULL && i < peri_schema_method_count(); i++) {
        const struct peri_schema_method *m = peri_schema_method((uint16_t)i);
        if (!returns(m, peri_schema_index(type)))
            continue;
        lua_pushfstring(L, "%s:%s", peri_schema_type_name(peri_schema_type(m->owner)),
                        peri_schema_text(m->name));
        lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
    }
    return 1;
}

/* is_a(name, base): false also when either is unknown */
static int schema_is_a(lua_State *L)
{
    const struct peri_schema_type *type = find_type(check_str(L, 1));
    const struct peri_schema_type *base = find_type(check_str(L, 2));
    lua_pushboolean(L, type != NULL && base != NULL && peri_schema_is(type, base));
    return 1;
}

static void push_problem(lua_State *L, struct peri_str path, const struct peri_property *p)
{
    struct peri_str rest = {path.data + p->good, path.len - p->good};
    size_t len = 0;
    while (len < rest.len && strchr(".[", rest.data[len]) == NULL)
        len++;
    lua_createtable(L, 0, 4);
    lua_pushlstring(L, path.data, p->good);
    lua_setfield(L, -2, "good");
    lua_pushlstring(L, rest.data, len);
    lua_setfield(L, -2, "part");
    if (p->at == NULL) {
        set_string(L, "ends", peri_schema_type_name(p->type));
        return;
    }
    if ((p->flags & PERI_SCHEMA_ARRAY) != 0 && rest.len > 0 && rest.data[0] == '.') {
        set_flag(L, "is_list", true);
        return;
    }
    const char *near = peri_near_field(p->at, (struct peri_str){rest.data, len});
    set_string(L, "owner", peri_schema_type_name(p->at));
    set_string(L, "nearest", near == NULL ? "" : near);
}

/* Whether a version is newer than the one whose name is at 3. */
static bool is_newer(lua_State *L, const struct peri_schema_type *type, uint8_t since)
{
    return !lua_isnoneornil(L, 3) &&
           since > peri_schema_find_version(type->service, check_str(L, 3));
}

/* property(managed type, path, version or nil): { type, array, since, is_newer = than that version
 * }; or nil and what is wrong: { good = what leads somewhere, part = the name after it, owner = the
 * type that lacks it, nearest = a name it has, ends = the type at which no path goes on,
 * is_list = the path goes on from a list without a key } */
static int schema_property(lua_State *L)
{
    const struct peri_schema_type *type = check_type(L, 1, PERI_SCHEMA_MANAGED);
    struct peri_str path = check_str(L, 2);
    struct peri_property p;
    lua_settop(L, 3);
    if (!peri_property_find(type, path, &p)) {
        lua_pushnil(L);
        push_problem(L, path, &p);
        return 2;
    }
    push_field(L, p.field);
    set_string(L, "since", peri_schema_version(type->service, p.since));
    set_flag(L, "is_newer", is_newer(L, type, p.since));
    lua_pushboolean(L, p.flags & PERI_SCHEMA_ARRAY);
    lua_setfield(L, -2, "array");
    return 1;
}

/* version(): { source = the release of the schema, api = its newest API version } */
static int schema_version(lua_State *L)
{
    const struct peri_schema_service *s = peri_schema_service(0);
    lua_createtable(L, 0, 2);
    set_string(L, "source", peri_schema_text(s->source));
    set_string(L, "api", peri_schema_version(0, (uint8_t)s->version_count));
    return 1;
}

/* A service by its name at an index; without one: the core. */
static uint8_t opt_service(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return PERI_SCHEMA_CORE;
    const struct peri_schema_service *s = peri_schema_find_service(check_str(L, index));
    luaL_argexpected(L, s != NULL, index, "a service");
    return peri_schema_service_index(s);
}

/* newest(version, service or nil): the newest version of a service that is not newer than the one
 * named, or nil */
static int schema_newest(lua_State *L)
{
    uint8_t service = opt_service(L, 2);
    uint8_t version = peri_schema_find_version(service, check_str(L, 1));
    lua_pushstring(L, version == 0 ? NULL : peri_schema_version(service, version));
    return 1;
}

static void push_service(lua_State *L, uint8_t index)
{
    const struct peri_schema_service *s = peri_schema_service(index);
    lua_createtable(L, 0, 8);
    set_string(L, "name", peri_schema_text(s->name));
    set_string(L, "urn", peri_schema_text(s->urn));
    set_string(L, "source", peri_schema_text(s->source));
    set_string(L, "path", peri_schema_text(s->path));
    set_string(L, "root", peri_schema_text(s->root));
    set_string(L, "root_id", peri_schema_text(s->root_id));
    set_string(L, "content", peri_schema_text(s->content));
    set_string(L, "api", peri_schema_version(index, (uint8_t)s->version_count));
}

/* services(): all of them, the core first: { name, urn, source, path, root, root_id, content, api }
 */
static int schema_services(lua_State *L)
{
    size_t count = peri_schema_service_count();
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_service(L, (uint8_t)i);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const luaL_Reg functions[] = {
    {"type", schema_type},           {"method", schema_method},   {"methods", schema_methods},
    {"names", schema_names},         {"is_a", schema_is_a},       {"property", schema_property},
    {"version", schema_version},     {"newest", schema_newest},   {"services", schema_services},
    {"base", schema_base},           {"uses", schema_uses},       {"extending", schema_extending},
    {"returning", schema_returning}, {"holding", schema_holding}, {NULL, NULL}};

int peri_open_schema(lua_State *L)
{
    luaL_newlib(L, functions);
    return 1;
}
