--- perilune plan FILE: what would change, field by field.
local planner = require "perilune.plan"
local session = require "perilune.cmd.session"

local plan = {
  name = "plan",
  usage = "FILE [options]",
  summary = "Show what would change, field by field. Changes nothing.",
  arguments = { { name = "FILE", doc = "the playbook, a Lua file" } },
  options = {
    "target", "var", "var_file", "allow", "parallel", "json", "verbose", "color", "no_color",
  },
  examples = {
    { "plan web-tier.lua --target lab", "what would change there" },
    { "plan web-tier.lua -e count=5 -v", "also what stays, and each resource in full" },
    { "plan web-tier.lua --json", "for programs, one object a line" },
  },
  exits = "0 nothing to do, 2 changes pending, 1 error, 4 cannot connect or log in",
}

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function plan.main(options, shown)
  local work <close> = session.new(options, shown)
  local declaration = work:load "plan"
  local made = work:plan(declaration)
  shown:plan(made, { refusals = planner.refusals(made, options.allow) })
  shown:values(made.outputs)
  return #made.changes > 0 and 2 or 0
end

return plan
