--- Two outputs at once: text for people, and records for the program that started us.
local both = {}

---@class perilune.cmd.BothOutput: perilune.cmd.Output
local BothOutput = {}

-- Whatever is said, is said to both; what the first answers counts.
function BothOutput.__index(self, method)
  local first, second = rawget(self, 1), rawget(self, 2)
  if first[method] == nil then return nil end
  return function(_, ...)
    second[method](second, ...)
    return first[method](first, ...)
  end
end

-- A run is watched by both.
local function watch(self, plan, run)
  local first, second = self[1]:watch(plan, run), self[2]:watch(plan, run)
  return {
    interval = first.interval,
    listen = function(_, event)
      first:listen(event)
      second:listen(event)
    end,
    draw = function() first:draw() end,
    finish = function() first:finish() end,
  }
end

---@param first perilune.cmd.Output
---@param second perilune.cmd.Output
---@return perilune.cmd.Output
function both.new(first, second)
  return setmetatable({ first, second, watch = watch }, BothOutput)
end

return both
