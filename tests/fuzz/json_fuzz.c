/* json_fuzz.c: any bytes as an answer of a REST server. What is read and written must read as the
 * same. */
#include "tests/fuzz/lua_fuzz.h"

LUA_FUZZ("local err = require 'perilune.err'\n"
         "local json = require 'perilune.c.json'\n"
         "return function(text)\n"
         "  local ok, value = pcall(json.decode, text)\n"
         "  if not ok then return assert(err.is(value), value) end\n"
         "  local once = json.encode(value)\n"
         "  local again = json.encode(json.decode(once))\n"
         "  assert(once == again, once)\n"
         "end\n")
