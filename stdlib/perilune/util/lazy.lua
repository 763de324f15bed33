--- A module that is loaded when it is first used, so that a command pays only for what it needs.
---
---     local render = lazy "perilune.plan.render"
---     render.plan(…)                              -- loads it

---@param name string
---@return table  as the module: indexing it loads the module
return function(name)
  return setmetatable({}, { __index = function(_, key) return require(name)[key] end })
end
