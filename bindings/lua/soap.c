/* soap.c: perilune.c.soap, calls to the bytes of requests and the bytes of answers to values. */
#include <lauxlib.h>
#include <string.h>

#include "bindings/lua/decoder.h"
#include "bindings/lua/desk.h"
#include "bindings/lua/modules.h"
#include "bindings/lua/object.h"
#include "bindings/lua/raise.h"
#include "bindings/lua/value.h"
#include "bindings/schema/near.h"
#include "bindings/soap/encode.h"
#include "runtime/base/limits.h"

/* ---- request ---- */

/* A string in the table at an index, which keeps it; without bytes when there is none. */
static struct peri_str string_field(lua_State *L, int index, const char *key)
{
    struct peri_str s = {"", 0};
    int type = lua_getfield(L, index, key);
    if (type == LUA_TSTRING)
        s.data = lua_tolstring(L, -1, &s.len);
    else if (type != LUA_TNIL)
        luaL_error(L, "request: %s must be a string", key);
    lua_pop(L, 1);
    return s;
}

/* method: its name, or a description of it. The table keeps the name. */
static struct peri_str read_method_name(lua_State *L)
{
    struct peri_str name = {NULL, 0};
    if (lua_getfield(L, 1, "method") == LUA_TTABLE) {
        name = string_field(L, -1, "name");
    } else {
        luaL_argexpected(L, lua_type(L, -1) == LUA_TSTRING, 1, "method");
        name.data = lua_tolstring(L, -1, &name.len);
    }
    lua_pop(L, 1);
    return name;
}

static int raise_unknown_method(lua_State *L, struct peri_str type, struct peri_str name)
{
    struct peri_error err;
    const struct peri_schema_type *managed = peri_schema_find_type(type);
    const char *near = managed == NULL ? NULL : peri_near_method(managed, name);
    peri_error_set(&err, PERI_E_SOAP_METHOD, "the API has no method \"%s\"", name.data);
    if (near != NULL)
        peri_error_hint(&err, "did you mean \"%s\"?", near);
    return peri_raise(L, &err);
}

static uint8_t read_version(lua_State *L, const char *key, uint8_t service)
{
    struct peri_str name = string_field(L, 1, key);
    uint8_t version = peri_schema_find_version(service, name);
    if (name.len > 0 && version == 0)
        peri_raise_code(L, PERI_E_ARGUMENT, "\"%s\" is no API version", name.data);
    return version;
}

/* header: { operationID = …, vcSessionCookie = … } */
static void read_header(lua_State *L, struct peri_envelope *out)
{
    *out = (struct peri_envelope){{NULL, 0}, {NULL, 0}};
    if (lua_getfield(L, 1, "header") == LUA_TNIL)
        return;
    luaL_argexpected(L, lua_istable(L, -1), 1, "header as a table");
    out->session_cookie = string_field(L, -1, "vcSessionCookie");
    out->operation_id = string_field(L, -1, "operationID");
}

/* The service that an object is of. */
static uint8_t service_of(const struct peri_scalar *object)
{
    const struct peri_schema_type *type = object->as.reference.known;
    return type == NULL ? PERI_SCHEMA_CORE : type->service;
}

/* The call that the table at 1 describes, but for its arguments; the table keeps the name. */
static void read_call(lua_State *L, struct peri_encode_call *call)
{
    struct peri_str name = read_method_name(L);
    call->name = name.data;
    call->service = service_of(&call->self);
    call->method = peri_schema_find_method_in(call->service, name);
    lua_getfield(L, 1, "unchecked");
    call->is_unchecked = lua_toboolean(L, -1);
    lua_pop(L, 1);
    if (call->method == NULL && !call->is_unchecked)
        raise_unknown_method(L, call->self.as.reference.type, name);
    call->core_version = read_version(L, "core_version", PERI_SCHEMA_CORE);
    call->version = read_version(L, "version", call->service);
    read_header(L, &call->envelope);
}

/* request{ method =, this =, args =, header =, version =, core_version =, unchecked = }: the bytes
 * of the request. Versions of the object's service, and of the core where that is another. */
static int soap_request(lua_State *L)
{
    struct peri_encode_call call;
    PERI_UNINITIALIZED struct peri_error err; /* complete once something fails */
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "this");
    if (!peri_object_read(L, -1, &call.self))
        return luaL_error(L, "request: this must be an object");
    read_call(L, &call);
    lua_getfield(L, 1, "args");
    struct peri_desk *desk = peri_desk_take(L, lua_gettop(L));
    bool is_good = peri_encode_request(&call, &desk->source, &desk->out, &err);
    if (is_good)
        lua_pushlstring(L, desk->out.data, desk->out.len);
    peri_desk_return(L, desk);
    return is_good ? 1 : peri_raise(L, &err);
}

/* unchecked(table): marks it as not checked; returns it */
static int soap_unchecked(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_setmetatable(L, PERI_DESK_UNCHECKED);
    return 1;
}

/* set_unchecked_call(function): what calling something unchecked does */
static int soap_set_unchecked_call(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    luaL_getmetatable(L, PERI_DESK_UNCHECKED);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "__call");
    return 0;
}

static const luaL_Reg functions[] = {{"decoder", peri_decoder_new},
                                     {"request", soap_request},
                                     {"unchecked", soap_unchecked},
                                     {"set_unchecked_call", soap_set_unchecked_call},
                                     {NULL, NULL}};

int peri_open_soap(lua_State *L)
{
    luaL_newmetatable(L, PERI_DESK_UNCHECKED);
    peri_decoder_install(L);
    luaL_newlib(L, functions);
    return 1;
}
