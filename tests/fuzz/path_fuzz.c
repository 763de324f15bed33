/* path_fuzz.c: any bytes as a path: of the inventory, of a property, of a field. Paths that are
 * spelled out must read as themselves. */
#include "tests/fuzz/lua_fuzz.h"

LUA_FUZZ("local err = require 'perilune.err'\n"
         "local inventory = require 'perilune.vim.inventory_path'\n"
         "local property = require 'perilune.vim.path'\n"
         "local schema = require 'perilune.c.schema'\n"
         "local function spelled(text)\n"
         "  local ok, path = pcall(inventory.parse, text)\n"
         "  if not ok then return assert(err.is(path), path) end\n"
         "  for _, part in ipairs(path) do part.fits(text) end\n"
         "  local again = inventory.parse(path.text)\n"
         "  assert(again.text == path.text and #again == #path, path.text)\n"
         "end\n"
         "return function(text)\n"
         "  spelled(text)\n"
         "  for _, step in ipairs(property.parse(text)) do assert(type(step) == 'string' or "
         "step.key ~= nil) end\n"
         "  local found, problem = schema.property('VirtualMachine', text)\n"
         "  assert(found or problem, 'neither found nor refused')\n"
         "end\n")
