--- Handles: what a playbook holds of a resource or lookup, as `vm "web-01"` gives it.
---
--- A handle is an empty table. Its record is kept apart, where a playbook cannot reach it; what
--- indexing and calling it do is decided by who made it (see playbook/handle.lua). This module lets
--- schemas, kinds and the planner recognise handles without knowing the playbook.
local handle = {}

---@class perilune.schema.Handle

---@class perilune.schema.HandleRecord
---@field kind table  the kind: `name`, `fields`, `attributes`
---@field name string  as written
---@field where perilune.Where|nil  where the playbook wrote it
---@field binding table|nil  the resource or lookup it stands for; set once the file is read
---@field index fun(self: perilune.schema.Handle, record: table, key: any): any
---@field call fun(self: perilune.schema.Handle, record: table, ...): any

---@type table<perilune.schema.Handle, perilune.schema.HandleRecord>
local records = setmetatable({}, { __mode = "k" })

local meta = {
  __name = "handle",
  __metatable = "handle",
  __index = function(self, key)
    return records[self].index(self, records[self], key)
  end,
  __newindex = function(self, key, value)
    return records[self].assign(self, records[self], key, value)
  end,
  __call = function(self, ...)
    return records[self].call(self, records[self], ...)
  end,
  __eq = function(a, b)
    local one, other = records[a], records[b]
    if one == nil or other == nil then return false end
    if one.binding and other.binding then return one.binding == other.binding end
    return one.kind == other.kind and one.name == other.name
  end,
  __tostring = function(self)
    return handle.label(self)
  end,
}

local function absent()
  return nil
end

--- Makes a handle of a record. Without `index`, `call` and `assign` it has neither attributes nor a body.
---@param record perilune.schema.HandleRecord
---@return perilune.schema.Handle
function handle.new(record)
  record.index = record.index or absent
  record.call = record.call or absent
  record.assign = record.assign or absent
  local self = setmetatable({}, meta)
  records[self] = record
  return self
end

--- Whether a value is a handle.
---@return boolean
function handle.is(value)
  return type(value) == "table" and records[value] ~= nil
end

---@param value perilune.schema.Handle
---@return perilune.schema.HandleRecord|nil
function handle.record(value)
  return type(value) == "table" and records[value] or nil
end

--- The name of a handle's kind: "vm".
---@param value perilune.schema.Handle
---@return string
function handle.kind_of(value)
  return records[value].kind.name
end

--- What a handle stands for: a resource of this playbook or a lookup; nil while the file is being read.
---@param value perilune.schema.Handle
---@return table|nil
function handle.target(value)
  return records[value].binding
end

--- A handle in words: `vm "web-01"`.
---@param value perilune.schema.Handle
---@return string
function handle.label(value)
  return ('%s "%s"'):format(records[value].kind.name, records[value].name)
end

return handle
