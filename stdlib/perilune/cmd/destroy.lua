--- perilune destroy FILE: removes what a playbook declares or owns; what others need is kept, and named.
local apply = require "perilune.cmd.apply"

local destroy = {
  name = "destroy",
  usage = "FILE [options]",
  summary = "Remove what the playbook made. What holds or serves anything else is kept, and named.",
  arguments = { { name = "FILE", doc = "the playbook, a Lua file" } },
  options = {
    "target", "yes", "allow", "var", "var_file", "parallel", "json", "verbose", "color", "no_color",
  },
  examples = {
    { "destroy web-tier.lua --target lab", "shows what would go, and asks" },
    { "destroy web-tier.lua -y --allow delete", "VMs too that it did not make itself" },
    { "destroy web-tier.lua -y --json", "events for programs" },
  },
  exits = "0 done, 1 error or declined, 4 cannot connect, 5 failed and not undone, 130 interrupted",
}

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function destroy.main(options, shown)
  return apply.run(options, shown, { destroy = true, question = "Destroy these for good?" })
end

return destroy
