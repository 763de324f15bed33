/* decoder.c: the bytes of an answer to Lua values.
 *
 * A decoder's unfinished values are on the Lua stack while it works and in a table in between. The
 * bytes it was given stay with it until they have been decoded: a string pinned, those of a
 * connection in a buffer of its own. An error raised while it works (memory) leaves it unusable,
 * and safe to collect. */
#include "bindings/lua/decoder.h"

#include <lauxlib.h>

#include "bindings/lua/object.h"
#include "bindings/lua/raise.h"
#include "bindings/lua/value.h"
#include "bindings/soap/decode.h"
#include "runtime/base/limits.h"

#define DECODER "perilune.decoder"

enum { CHUNK = 1, VALUES, SPACE }; /* user values of a decoder */

enum stage { WANTS_INPUT, HAS_INPUT, IS_WORKING, IS_OVER };

struct decoder { /* lives in a userdata */
    struct peri_decode *decode;
    bool wants_rows;
    enum stage stage;
    int kept;              /* unfinished values in VALUES */
    struct peri_buf input; /* of a connection, being decoded */
};

static struct decoder *check_decoder(lua_State *L)
{
    return luaL_checkudata(L, 1, DECODER);
}

static int decoder_gc(lua_State *L)
{
    struct decoder *d = check_decoder(L);
    peri_decode_free(d->decode);
    peri_buf_deinit(&d->input);
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

/* The input is decoded; its buffer is kept for the next while there may be one. */
static void drop_input(lua_State *L, struct decoder *d)
{
    if (d->stage == IS_OVER)
        peri_buf_deinit(&d->input);
    else
        peri_buf_clear(&d->input);
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
        drop_input(L, d);
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

struct peri_buf *peri_decoder_begin(lua_State *L, int index)
{
    struct decoder *d = luaL_checkudata(L, index, DECODER);
    check_stage(L, d, WANTS_INPUT);
    return &d->input;
}

void peri_decoder_feed(lua_State *L)
{
    struct decoder *d = check_decoder(L);
    peri_decode_feed(d->decode, d->input.data, d->input.len);
    d->stage = HAS_INPUT;
    if (!d->wants_rows)
        step(L, d);
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

int peri_decoder_new(lua_State *L)
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
    peri_buf_init(&d->input, PERI_LIMIT_BODY);
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

static const luaL_Reg meta[] = {{"__gc", decoder_gc},       {"feed", decoder_feed},
                                {"row", decoder_row},       {"seen", decoder_seen},
                                {"finish", decoder_finish}, {NULL, NULL}};

void peri_decoder_install(lua_State *L)
{
    luaL_newmetatable(L, DECODER);
    luaL_setfuncs(L, meta, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}
