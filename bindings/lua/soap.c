/* soap.c: perilune.c.soap, calls to the bytes of requests and the bytes of answers to values.
 *
 * A decoder's unfinished values are on the Lua stack while it works and in a table in between. The
 * chunk it was given stays pinned until it has been decoded. An error raised while it works
 * (memory) leaves it unusable, and safe to collect. */
#include <lauxlib.h>
#include <string.h>

#include "bindings/lua/modules.h"
#include "bindings/lua/object.h"
#include "bindings/lua/raise.h"
#include "bindings/lua/value.h"
#include "bindings/schema/near.h"
#include "bindings/soap/decode.h"
#include "bindings/soap/encode.h"
#include "runtime/base/limits.h"

#define DECODER "perilune.decoder"
#define BUFFER "perilune.buffer"

/* ---- decoder ---- */

enum { USUAL_REQUEST = 4000 }; /* bytes; longer ones only take more steps */

enum { CHUNK = 1, VALUES, SPACE }; /* user values of a decoder */

enum stage { WANTS_INPUT, HAS_INPUT, IS_WORKING, IS_OVER };

struct decoder { /* lives in a userdata */
    struct peri_decode *decode;
    bool wants_rows;
    enum stage stage;
    int kept; /* unfinished values in VALUES */
};

static struct decoder *check_decoder(lua_State *L)
{
    return luaL_checkudata(L, 1, DECODER);
}

static int decoder_gc(lua_State *L)
{
    struct decoder *d = check_decoder(L);
    peri_decode_free(d->decode);
    d->decode = NULL;
    d->stage = IS_OVER;
    return 0;
}

/* Fails unless the decoder is at a stage. */
static void check_stage(lua_State *L, const struct decoder *d, enum stage stage)
{
    if (d->stage == stage)
        return;
    if (d->stage == HAS_INPUT)
        luaL_error(L, "decoder: read the rows first, until there are none");
    luaL_error(L, "decoder: it is over");
}

/* stack: decoder, sink's slots → …, unfinished values */
static void restore_values(lua_State *L, const struct decoder *d)
{
    luaL_checkstack(L, d->kept + 8, NULL);
    lua_getiuservalue(L, 1, VALUES);
    int values = lua_gettop(L);
    for (int i = 1; i <= d->kept; i++)
        lua_rawgeti(L, values, i);
    lua_remove(L, values);
}

/* Takes count unfinished values from the stack. */
static void keep_values(lua_State *L, struct decoder *d, int count)
{
    lua_getiuservalue(L, 1, VALUES);
    lua_insert(L, -count - 1);
    int values = lua_gettop(L) - count;
    for (int i = count; i >= 1; i--)
        lua_rawseti(L, values, i);
    lua_remove(L, values);
    d->kept = count;
}

static void drop_input(lua_State *L)
{
    lua_pushnil(L);
    lua_setiuservalue(L, 1, CHUNK);
}

/* Decodes until there is something to tell. A row or the value is left on top of the decoder. */
static enum peri_decode_state step(lua_State *L, struct decoder *d)
{
    struct peri_value_sink sink;
    struct peri_error err;
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, SPACE);
    peri_value_sink_open(L, 2, &sink);
    int fixed = lua_gettop(L);
    restore_values(L, d);
    d->stage = IS_WORKING;
    enum peri_decode_state state = peri_decode_step(d->decode, &sink.sink, &err);
    if (state == PERI_DECODE_ROW)
        lua_insert(L, fixed + 1);
    if (state == PERI_DECODE_ROW || state == PERI_DECODE_MORE)
        keep_values(L, d, lua_gettop(L) - fixed - (state == PERI_DECODE_ROW ? 1 : 0));
    d->stage = state == PERI_DECODE_ROW    ? HAS_INPUT
               : state == PERI_DECODE_MORE ? WANTS_INPUT
                                           : IS_OVER;
    if (d->stage != HAS_INPUT)
        drop_input(L);
    if (state == PERI_DECODE_ERROR)
        peri_raise(L, &err);
    return state;
}

/* decoder:feed(chunk): decodes it; in rows mode it is decoded as rows are asked for */
static int decoder_feed(lua_State *L)
{
    struct decoder *d = check_decoder(L);
    size_t len;
    const char *bytes = luaL_checklstring(L, 2, &len);
    check_stage(L, d, WANTS_INPUT);
    lua_settop(L, 2);
    lua_setiuservalue(L, 1, CHUNK);
    peri_decode_feed(d->decode, bytes, len);
    d->stage = HAS_INPUT;
    if (!d->wants_rows)
        step(L, d);
    return 0;
}

/* decoder:row(): the next row that is complete, or nil when more must be fed first */
static int decoder_row(lua_State *L)
{
    struct decoder *d = check_decoder(L);
    if (d->stage == HAS_INPUT && step(L, d) == PERI_DECODE_ROW)
        return 1;
    if (d->stage == IS_WORKING)
        check_stage(L, d, HAS_INPUT);
    lua_pushnil(L);
    return 1;
}

/* decoder:seen(field): what the answer has said so far: a field of the value that is still being
 * decoded, nil when it has not come */
static int decoder_seen(lua_State *L)
{
    const struct decoder *d = check_decoder(L);
    luaL_checkstring(L, 2);
    lua_settop(L, 2);
    lua_getiuservalue(L, 1, VALUES);
    if (d->kept == 0 || lua_rawgeti(L, 3, 1) != LUA_TTABLE) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

/* decoder:finish(): "result" and the value, or "fault" and the fault */
static int decoder_finish(lua_State *L)
{
    struct decoder *d = check_decoder(L);
    check_stage(L, d, WANTS_INPUT);
    peri_decode_finish(d->decode);
    step(L, d);
    bool has_value = lua_gettop(L) > 2 + PERI_VALUE_FIXED;
    lua_pushstring(L, peri_decode_is_fault(d->decode) ? "fault" : "result");
    if (has_value)
        lua_pushvalue(L, -2);
    else
        lua_pushnil(L);
    return 2;
}

/* The service of a name in the table at 1; without one: the core. */
static uint8_t read_service(lua_State *L)
{
    size_t len;
    lua_getfield(L, 1, "service");
    const char *name = luaL_optlstring(L, -1, "", &len);
    const struct peri_schema_service *s = peri_schema_find_service((struct peri_str){name, len});
    if (s == NULL && len > 0)
        luaL_error(L, "decoder: no service \"%s\"", name);
    lua_pop(L, 1);
    return s == NULL ? PERI_SCHEMA_CORE : peri_schema_service_index(s);
}

/* decoder{ space = space, rows = boolean, service = "pbm", list = boolean }; list: the result of a
 * method that the schema lacks is given as a list */
static int soap_decoder(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    uint8_t service = read_service(L);
    lua_getfield(L, 1, "list");
    bool may_be_list = lua_toboolean(L, -1);
    lua_pop(L, 1);
    lua_getfield(L, 1, "space");
    lua_getfield(L, 1, "rows");
    struct decoder *d = lua_newuserdatauv(L, sizeof(*d), 3);
    *d = (struct decoder){.wants_rows = lua_toboolean(L, 3), .stage = WANTS_INPUT};
    luaL_setmetatable(L, DECODER);
    peri_object_push_table(L, 2); /* raises now rather than at the first answer */
    lua_pop(L, 1);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, 4, SPACE);
    lua_newtable(L);
    lua_setiuservalue(L, 4, VALUES);
    d->decode = peri_decode_new(peri_value_vocabulary(L, service), d->wants_rows);
    if (may_be_list)
        peri_decode_take_list(d->decode);
    return 1;
}

/* ---- request ---- */

static int buffer_gc(lua_State *L)
{
    peri_buf_deinit(luaL_checkudata(L, 1, BUFFER));
    return 0;
}

/* Pushes an empty buffer that is freed when it is collected or goes out of scope. */
static struct peri_buf *push_buffer(lua_State *L)
{
    struct peri_buf *buf = lua_newuserdatauv(L, sizeof(*buf), 0);
    peri_buf_init(buf, PERI_LIMIT_REQUEST);
    luaL_setmetatable(L, BUFFER);
    lua_toclose(L, -1);
    return buf;
}

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
    const struct peri_schema_type *type = peri_schema_find_type(object->as.reference.type);
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
    struct peri_value_source source;
    struct peri_error err;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_getfield(L, 1, "this");
    if (!peri_object_read(L, -1, &call.self))
        return luaL_error(L, "request: this must be an object");
    read_call(L, &call);
    struct peri_buf *out = push_buffer(L);
    peri_buf_expect(out, USUAL_REQUEST);
    lua_getfield(L, 1, "args");
    peri_value_source_open(L, lua_gettop(L), &source);
    if (!peri_encode_request(&call, &source.source, out, &err))
        return peri_raise(L, &err);
    lua_pushlstring(L, out->data, out->len);
    return 1;
}

static const luaL_Reg decoder_meta[] = {{"__gc", decoder_gc},       {"feed", decoder_feed},
                                        {"row", decoder_row},       {"seen", decoder_seen},
                                        {"finish", decoder_finish}, {NULL, NULL}};
static const luaL_Reg buffer_meta[] = {{"__gc", buffer_gc}, {"__close", buffer_gc}, {NULL, NULL}};
/* unchecked(table): marks it as not checked; returns it */
static int soap_unchecked(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    luaL_setmetatable(L, PERI_VALUE_UNCHECKED);
    return 1;
}

/* set_unchecked_call(function): what calling something unchecked does */
static int soap_set_unchecked_call(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    luaL_getmetatable(L, PERI_VALUE_UNCHECKED);
    lua_pushvalue(L, 1);
    lua_setfield(L, -2, "__call");
    return 0;
}

static const luaL_Reg functions[] = {{"decoder", soap_decoder},
                                     {"request", soap_request},
                                     {"unchecked", soap_unchecked},
                                     {"set_unchecked_call", soap_set_unchecked_call},
                                     {NULL, NULL}};

int peri_open_soap(lua_State *L)
{
    luaL_newmetatable(L, PERI_VALUE_UNCHECKED);
    luaL_newmetatable(L, BUFFER);
    luaL_setfuncs(L, buffer_meta, 0);
    luaL_newmetatable(L, DECODER);
    luaL_setfuncs(L, decoder_meta, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
