/* Answers of a server, each cut at every byte: whatever comes together, the values are the same.
 *
 * They were recorded from the simulator: a VM's properties (its name has references and characters
 * of two to four bytes), updates, a task and its info, a login, a fault, the service's content. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>
#include <zlib.h>

#include "bindings/lua/decoder.h"
#include "bindings/lua/modules.h"
#include "bindings/lua/time.h"

enum { MOST_BYTES = 64 * 1024, SIZES = 17 };

struct answer {
    char bytes[MOST_BYTES];
    size_t len, at;
    size_t first, size; /* bytes of the first chunk, and of those that follow */
};

static const char script[] = "local object, soap, chunk = ...\n"
                             "local space = object.space()\n"
                             "return function(rows)\n"
                             "  local d, list = soap.decoder { space = space, rows = rows }, {}\n"
                             "  while chunk(d) do\n"
                             "    for row in d.row, d do list[#list + 1] = row end\n"
                             "  end\n"
                             "  local kind, value = d:finish()\n"
                             "  return { kind = kind, value = value, rows = list }\n"
                             "end\n";

static int feed_chunk(lua_State *L)
{
    struct answer *a = lua_touserdata(L, lua_upvalueindex(1));
    size_t len = a->at == 0 ? a->first : a->size;
    if (len > a->len - a->at)
        len = a->len - a->at;
    if (len == 0)
        return 0;
    if (!peri_buf_add(peri_decoder_begin(L, 1), a->bytes + a->at, len, NULL))
        return luaL_error(L, "no room for a chunk");
    peri_decoder_feed(L);
    a->at += len;
    lua_pushboolean(L, true);
    return 1;
}

static void load(struct answer *a, const char *name)
{
    char path[128];
    snprintf(path, sizeof(path), "tests/unit/lua/answers/%s.xml.gz", name);
    gzFile file = gzopen(path, "rb");
    assert_non_null(file);
    int len = gzread(file, a->bytes, sizeof(a->bytes));
    assert_in_range(len, 1, sizeof(a->bytes) - 1);
    assert_int_equal(gzclose(file), Z_OK);
    a->len = (size_t)len;
}

/* The state, with the function of the script at 1. */
static lua_State *open_lua(struct answer *a)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    assert_int_equal(luaL_loadstring(L, script), LUA_OK);
    luaL_requiref(L, "perilune.c.object", peri_open_object, 0);
    luaL_requiref(L, "perilune.c.soap", peri_open_soap, 0);
    lua_pushlightuserdata(L, a);
    lua_pushcclosure(L, feed_chunk, 1);
    assert_int_equal(lua_pcall(L, 3, 1, 0), LUA_OK);
    return L;
}

/* Decodes in chunks; pushes what came of it. */
static void decode(lua_State *L, struct answer *a, size_t first, size_t size, bool wants_rows)
{
    a->at = 0;
    a->first = first;
    a->size = size;
    lua_pushvalue(L, 1);
    lua_pushboolean(L, wants_rows);
    if (lua_pcall(L, 1, 1, 0) != LUA_OK)
        fail_msg("chunks of %zu, then %zu bytes: %s", first, size, luaL_tolstring(L, -1, NULL));
}

static bool is_same(lua_State *L, int a, int b);

static size_t count_keys(lua_State *L, int table)
{
    size_t count = 0;
    for (lua_pushnil(L); lua_next(L, table) != 0; lua_pop(L, 1))
        count++;
    return count;
}

static bool is_same_table(lua_State *L, int a, int b)
{
    for (lua_pushnil(L); lua_next(L, a) != 0; lua_pop(L, 2)) {
        lua_pushvalue(L, -2);
        lua_rawget(L, b);
        if (!is_same(L, lua_gettop(L) - 1, lua_gettop(L)))
            return false;
    }
    return count_keys(L, a) == count_keys(L, b);
}

static bool is_same(lua_State *L, int a, int b)
{
    int64_t time = 0, other = 1;
    if (lua_type(L, a) != lua_type(L, b) || lua_isinteger(L, a) != lua_isinteger(L, b))
        return false;
    luaL_checkstack(L, 8, NULL);
    if (lua_rawequal(L, a, b))
        return true;
    if (lua_istable(L, a))
        return is_same_table(L, a, b);
    return peri_time_read(L, a, &time) && peri_time_read(L, b, &other) && time == other;
}

/* Decodes in chunks and compares with what is at 2. */
static void check(lua_State *L, struct answer *a, size_t first, size_t size, bool wants_rows)
{
    decode(L, a, first, size, wants_rows);
    if (!is_same(L, 2, 3))
        fail_msg("other values in chunks of %zu, then %zu bytes", first, size);
    lua_settop(L, 2);
}

static void check_all(const char *name, bool wants_rows, const char *kind, int rows)
{
    static struct answer a;
    load(&a, name);
    lua_State *L = open_lua(&a);
    decode(L, &a, a.len, a.len, wants_rows);
    lua_getfield(L, 2, "kind");
    assert_string_equal(lua_tostring(L, -1), kind);
    lua_getfield(L, 2, "rows");
    assert_int_equal(lua_rawlen(L, -1), rows);
    lua_settop(L, 2);
    for (size_t cut = 1; cut < a.len; cut++)
        check(L, &a, cut, a.len, wants_rows);
    for (size_t size = 1; size < SIZES; size++)
        check(L, &a, size, size, wants_rows);
    lua_close(L);
}

static void test_properties(void **state)
{
    (void)state;
    check_all("properties", false, "result", 0);
    check_all("task_info", false, "result", 0);
}

static void test_rows(void **state)
{
    (void)state;
    check_all("properties", true, "result", 1);
    check_all("task_info", true, "result", 1);
}

static void test_updates(void **state)
{
    (void)state;
    check_all("updates", false, "result", 0);
}

static void test_results(void **state)
{
    (void)state;
    check_all("service_content", false, "result", 0);
    check_all("login", false, "result", 0);
    check_all("task", false, "result", 0);
}

static void test_fault(void **state)
{
    (void)state;
    check_all("fault", false, "fault", 0);
}

/* The comparison sees what it must: a value less, more, other, of another type. */
static void test_differences_are_seen(void **state)
{
    (void)state;
    static const char *const pairs[] = {"{}, {1}", "{a={1}}, {}", "{a={1,2}}, {a={1,3}}",
                                        "{1}, {1.0}", "{'1'}, {1}"};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        char text[64];
        lua_State *L = luaL_newstate();
        snprintf(text, sizeof(text), "return %s", pairs[i]);
        assert_int_equal(luaL_dostring(L, text), LUA_OK);
        assert_false(is_same(L, 1, 2));
        lua_settop(L, 2);
        assert_false(is_same(L, 2, 1));
        assert_true(is_same(L, 1, 1));
        lua_close(L);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_differences_are_seen),
        cmocka_unit_test(test_properties),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_updates),
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
