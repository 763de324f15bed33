--- What a word of a playbook, or of the vSphere API, means, as lines of text. Needs no server.
local api = require "perilune.doc.api"
local err = require "perilune.err"
local kinds = require "perilune.doc.kinds"
local schema = require "perilune.c.schema"
local search = require "perilune.doc.search"

local doc = {}

local function unknown(word)
  local words = kinds.words()
  local of_api = api.words()
  table.move(of_api, 1, #of_api, #words + 1, words)
  err.raise {
    code = "usage", where = false,
    message = ("there is no kind, type or method '%s'"):format(word),
    hint = err.suggest(word, words) or "perilune doc lists the kinds",
  }
end

-- The word for a method of a kind's objects: "vm.ReconfigVM_Task" is "VirtualMachine.ReconfigVM_Task".
local function method_of_kind(word)
  local name, rest = word:match "^([%w_]+)[.:](.+)$"
  for _, type_name in ipairs(name and kinds.types(name) or {}) do
    if schema.method(type_name, rest) then return type_name .. "." .. rest end
  end
end

--- Raises usage, with the nearest word, for one that nothing has.
---@param word string?  "vm.disks", "CloneVM_Task", "vm.CloneVM_Task", "VirtualMachine.config.name", or parts of
---  names; none: all kinds
---@param width integer
---@return string[]
function doc.lines(word, width)
  if not word then return kinds.all(width) end
  word = method_of_kind(word) or word
  if kinds.knows(word) then return kinds.lines(word, width) end
  return api.lines(word, width) or search.lines(word, width) or unknown(word)
end

return doc
