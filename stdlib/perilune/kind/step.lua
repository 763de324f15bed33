--- Steps: what a plan does, as data. Kinds make them, the executor carries them out.
---
--- A step is one change of one resource: calls that may go at once, after the steps it names. A call
--- is an API method with its arguments, or an operation of a service (tags, power). An object that a
--- step before makes stands in the arguments as a symbol, and is put in just before the call is sent.
local step = {}

---@class perilune.kind.Symbol
---@field symbol string  what the object will be called by the step that makes it
local Symbol = {}
Symbol.__index = Symbol
Symbol.__name = "perilune.kind.symbol"

--- Stands for an object that does not exist yet.
---@param id string
---@return perilune.kind.Symbol
function step.symbol(id)
  return setmetatable({ symbol = id }, Symbol)
end

---@return boolean
function step.is_symbol(value)
  return getmetatable(value) == Symbol
end

--- The object of a node: the live one, or the symbol of the one that will be made.
function step.object(node)
  return node.entry and node.entry.ref or step.symbol(node.id)
end

--- Stands for the id of a tag that does not exist yet.
function step.tag_symbol(category, name)
  return step.symbol(("tag %s:%s"):format(category, name))
end

--- A copy of a call's data with every symbol replaced by the object it stands for.
---@param value any
---@param objects table<string, userdata>
function step.substitute(value, objects)
  if type(value) ~= "table" then return value end
  if step.is_symbol(value) then return assert(objects[value.symbol], "no object yet for " .. value.symbol) end
  if getmetatable(value) then return value end
  local copy = {}
  for key, inner in pairs(value) do
    copy[key] = step.substitute(inner, objects)
  end
  return copy
end

---@class perilune.kind.Call
---@field object userdata|perilune.kind.Symbol?  of an API method
---@field method string     an API method, or an operation of the service
---@field service string?   "tags" or "power"; none: the vSphere API
---@field args table
---@field makes string?     the symbol that names the object of its result

---@class perilune.kind.Step
---@field id integer
---@field change integer    index of its change
---@field title string      "create", "power on", "memory 2 GiB → 4 GiB"
---@field after integer[]   ids of steps that come first
---@field calls perilune.kind.Call[]
---@field removes boolean?  it destroys, and so comes after everything that does not

--- Collects the steps of one change; each comes after the ones before it unless it says otherwise.
---@class perilune.kind.Steps
local Steps = {}
Steps.__index = Steps

---@param list perilune.kind.Step[]  all steps of the plan; new ones are appended
---@param change integer
---@return perilune.kind.Steps
function step.builder(list, change)
  return setmetatable({ list = list, change = change, ids = {} }, Steps)
end

--- Adds a step. spec: title, calls, and beside = true when it need not wait for the change's last step
--- but only for its first, which makes the object.
---@return integer id
function Steps:add(spec)
  local id = #self.list + 1
  local before = spec.beside and self.ids[1] or self.ids[#self.ids]
  self.list[id] = {
    id = id,
    change = self.change,
    title = spec.title,
    after = { before },
    calls = spec.calls,
    removes = spec.removes,
  }
  self.ids[#self.ids + 1] = id
  return id
end

--- Whether the change has no step yet.
---@return boolean
function Steps:is_empty()
  return #self.ids == 0
end

return step
