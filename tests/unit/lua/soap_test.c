/* Lua that runs out of memory while a request is encoded or an answer decoded, at every allocation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <lauxlib.h>
#include <lualib.h>

#include "bindings/lua/modules.h"

struct memory {
    long left; /* allocations until one fails; negative: none does */
};

static void *allocate(void *arg, void *old, size_t old_size, size_t size)
{
    struct memory *memory = arg;
    (void)old_size;
    if (size == 0) {
        free(old);
        return NULL;
    }
    if (memory->left == 0)
        return NULL;
    if (memory->left > 0)
        memory->left--;
    return realloc(old, size);
}

static const char script[] =
    "local object, soap = ...\n"
    "local space = object.space()\n"
    "local vm = space:object('VirtualMachine', 'vm-1')\n"
    "local function decoder(rows) return soap.decoder { space = space, rows = rows } end\n"
    "local head = '<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"'\n"
    "  .. ' xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\"><e:Body>'\n"
    "local tail = '</e:Body></e:Envelope>'\n"
    "local d = decoder(true)\n"
    "d:feed(head .. '<RetrievePropertiesExResponse><returnval><token>1</token><objects>'\n"
    "  .. '<obj type=\"VirtualMachine\">vm-2</obj><propSet><name>a</name>'\n"
    "  .. '<val i:type=\"ArrayOfVirtualDevice\"><VirtualDevice "
    "i:type=\"VirtualDisk\"><key>1</key>')\n"
    "assert(not d:row())\n"
    "d:feed('<more>1</more><more>2</more></VirtualDevice></val></propSet></objects></returnval>'\n"
    "  .. '</RetrievePropertiesExResponse>' .. tail)\n"
    "local row = d:row()\n"
    "assert(row.a[1].more[2] == '2')\n"
    "assert(not d:row())\n"
    "assert(select(2, d:finish()).token == '1')\n"
    "d = decoder(false)\n"
    "d:feed(head .. '<CurrentTimeResponse><returnval>2024-01-01T00:00:00Z</returnval>')\n"
    "d:feed('</CurrentTimeResponse>' .. tail)\n"
    "assert(d:finish() == 'result')\n"
    "assert(#soap.request { method = 'ReconfigVM_Task', this = vm, args = { spec = {\n"
    "  name = 'a', deviceChange = { { device = { _typeName = 'VirtualCdrom', key = 1 } } } } } }\n"
    "  > 100)\n";

static int run(lua_State *L)
{
    luaL_requiref(L, "perilune.c.object", peri_open_object, 0);
    luaL_requiref(L, "perilune.c.soap", peri_open_soap, 0);
    if (luaL_loadstring(L, script) != LUA_OK)
        return lua_error(L);
    lua_insert(L, 1);
    lua_call(L, 2, 0);
    return 0;
}

/* Runs it with the n-th allocation failing, and all after it. */
static int run_with(long n)
{
    struct memory memory = {-1};
    lua_State *L = lua_newstate(allocate, &memory);
    assert_non_null(L);
    luaL_openlibs(L);
    lua_pushcfunction(L, run);
    memory.left = n;
    int status = lua_pcall(L, 0, 0, 0);
    memory.left = -1;
    if (status != LUA_OK && status != LUA_ERRMEM)
        print_error("%s\n", luaL_tolstring(L, -1, NULL));
    lua_close(L);
    return status;
}

static void memory_that_is_out_is_an_error_and_nothing_leaks(void **state)
{
    (void)state;
    long n = 0;
    int status = LUA_ERRMEM;
    while (status == LUA_ERRMEM)
        status = run_with(++n);
    assert_int_equal(status, LUA_OK);
    assert_true(n > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_that_is_out_is_an_error_and_nothing_leaks),
    };
    return cmocka_run_group_tests_name("lua/soap", tests, NULL, NULL);
}
