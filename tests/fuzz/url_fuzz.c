/* url_fuzz.c: any bytes as the URL of a server. One that is taken must mean the same when it is
 * written out and read again, and no error may repeat the password. */
#include "tests/fuzz/lua_fuzz.h"

LUA_FUZZ("local err = require 'perilune.err'\n"
         "local url = require 'perilune.vim.url'\n"
         "return function(text)\n"
         "  local ok, parts = pcall(url.parse, text, 'a test')\n"
         "  if not ok then\n"
         "    assert(err.is(parts), parts)\n"
         "    local secret = text:match ':[^:@/]*(%d%d%d%d%d%d%d%d)[^:@/]*@'\n"
         "    local told = parts.message .. (parts.hint or '')\n"
         "    assert(not secret or not told:find(secret, 1, true), 'it is told')\n"
         "    return\n"
         "  end\n"
         "  assert(parts.port >= 1 and parts.port <= 65535 and parts.host ~= '')\n"
         "  local again = url.parse(url.origin(parts), 'itself')\n"
         "  assert(again.host == parts.host and again.port == parts.port and again.scheme == "
         "parts.scheme,\n"
         "    url.origin(parts))\n"
         "end\n")
