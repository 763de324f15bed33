--- perilune doc [WORD]: what a word of a playbook, or of the vSphere API, means. Needs no server.
local api = require "perilune.cmd.doc.api"
local err = require "perilune.err"
local kinds = require "perilune.cmd.doc.kinds"
local meta = require "perilune.cmd.doc.meta"
local search = require "perilune.cmd.doc.search"
local term = require "perilune.c.term"

local doc = {
  name = "doc",
  usage = "[WORD] [--meta DIR]",
  summary = "Tell what a word of a playbook, or of the vSphere API, means. Needs no server.",
  arguments = {
    { name = "WORD", doc = "vm, vm.disks, VirtualDisk, CloneVM_Task, VirtualMachine.config.name", optional = true },
  },
  options = { "meta" },
  examples = {
    { "doc vm.disks", "a field of a kind; no word: all kinds" },
    { "doc CloneVM_Task", "a method, type or field of the API, or a search" },
    { "doc --meta ~/meta", "let an editor complete all of it" },
  },
}

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

local function lines_of(word, width)
  if not word then return kinds.all(width) end
  if kinds.knows(word) then return kinds.lines(word, width) end
  return api.lines(word, width) or search.lines(word, width) or unknown(word)
end

---@param options table
---@return integer
function doc.main(options)
  if options.meta then
    local count = meta.write(options.meta)
    print(("%d files in %s. In .luarc.json: { \"workspace.library\": [\"%s\"] }"):format(
      count, options.meta, options.meta))
    return 0
  end
  local width = math.min(term.isatty(1) and term.width() or 110, 110)
  print(table.concat(lines_of(options.word, width), "\n"))
  return 0
end

return doc
