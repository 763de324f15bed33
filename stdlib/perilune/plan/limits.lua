--- How much a run does at once.
local limits = {}

--- Requests at once, unless --parallel says otherwise.
limits.CONNECTIONS = 16

--- Steps under way for each connection: one that waits for its vSphere task holds none, so that with no more steps
--- than connections most of these would be idle.
local STEPS_PER_CONNECTION = 4

--- How many steps may be under way with so many connections.
---@param connections integer?
---@return integer
function limits.steps(connections)
  return (connections or limits.CONNECTIONS) * STEPS_PER_CONNECTION
end

return limits
