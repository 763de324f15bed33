--- The words of playbooks at the prompt.
local declare = {}

---@class perilune.shell.Declared
local Declared = {}
Declared.__index = Declared

---@param session perilune.shell.Session
---@return perilune.shell.Declared
function declare.new(session)
  return setmetatable({ session = session }, Declared)
end

function Declared:begin() end
function Declared:check() end
function Declared:is_new() return false end
function Declared:live_of() end
function Declared:word() end
function Declared:words() return {} end

return declare
