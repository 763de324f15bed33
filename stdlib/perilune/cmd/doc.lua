--- perilune doc [WORD]: what a word of a playbook, or of the vSphere API, means. Needs no server.
local about = require "perilune.doc"
local meta = require "perilune.cmd.doc.meta"
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
  print(table.concat(about.lines(options.word, width), "\n"))
  return 0
end

return doc
