--- What a word of a playbook, or of the vSphere API, means, as lines of text. Needs no server.
local api = require "perilune.doc.api"
local err = require "perilune.err"
local kinds = require "perilune.doc.kinds"
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

--- Raises usage, with the nearest word, for one that nothing has.
---@param word string?  "vm.disks", "CloneVM_Task", "VirtualMachine.config.name", or parts of names; none: all kinds
---@param width integer
---@return string[]
function doc.lines(word, width)
  if not word then return kinds.all(width) end
  if kinds.knows(word) then return kinds.lines(word, width) end
  return api.lines(word, width) or search.lines(word, width) or unknown(word)
end

return doc
