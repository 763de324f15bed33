--- perilune validate FILE: every mistake that can be seen without a server.
local session = require "perilune.cmd.session"

local validate = {
  name = "validate",
  usage = "FILE [options]",
  summary = "Check a playbook without a server: all its mistakes at once, and the lines that need a server.",
  arguments = { { name = "FILE", doc = "the playbook, a Lua file" } },
  options = { "var", "var_file", "json", "verbose", "color", "no_color" },
  examples = {
    { "validate web-tier.lua", "in an editor, or before a commit" },
    { "validate web-tier.lua -e count=5", "with a variable" },
    { "validate web-tier.lua --json", "for programs, one object a line" },
  },
  exits = "0 no mistakes, 1 mistakes",
}

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function validate.main(options, shown)
  local work <close> = session.new(options, shown)
  shown:valid(work:load "validate")
  return 0
end

return validate
