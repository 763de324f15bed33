/* schema_fuzz.c: any bytes as a schema for bindings/schema/compile.lua. One that cannot be used is
 * refused with its line, and never half written. */
#include "tests/fuzz/lua_fuzz.h"

LUA_FUZZ(
    "local text, written\n"
    "local function lines() return text:gmatch '[^\\n]+' end\n"
    "local function open()\n"
    "  return { write = function(_, s) written[#written + 1] = s end, close = function() return "
    "true end }\n"
    "end\n"
    "local env = setmetatable({ io = { lines = lines, open = open } }, { __index = _G })\n"
    "return function(bytes)\n"
    "  text, written = bytes, {}\n"
    "  local compile = assert(loadfile('bindings/schema/compile.lua', 't', env))\n"
    "  local ok, e = pcall(compile, 'out.c', 'in.schema')\n"
    "  if ok then return end\n"
    "  assert(type(e) == 'string' and not e:find 'attempt to' and not e:find 'bad argument', e)\n"
    "  assert(#written == 0, 'a part was written')\n"
    "end\n")
