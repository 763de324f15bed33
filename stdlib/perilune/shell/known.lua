--- Names of objects that were shown or looked up, so that they can be told without asking.
local object = require "perilune.c.object"

local known = {}

---@type table<userdata, string>
local names = setmetatable({}, { __mode = "k" })

--- Remembers a name; nil is none.
---@param ref userdata
---@param name string|nil
function known.learn(ref, name)
  if name and object.is(ref) then names[ref] = name end
end

---@param ref userdata|nil
---@return string|nil
function known.name(ref)
  return ref ~= nil and names[ref] or nil
end

return known
