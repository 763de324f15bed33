--- Values that only the server knows: `cluster("C").hosts` and what hangs from it.
---
--- A deferred value is an empty table whose record is kept apart. Used as a plain value (counted,
--- compared, joined, printed) it asks its `force` for what it stands for, and this may wait.
local deferred = {}

---@class perilune.schema.Deferred

---@class perilune.schema.DeferredRecord
---@field of perilune.schema.Handle|perilune.schema.Deferred  what it is an attribute or element of
---@field key string|integer
---@field kind string|nil  the kind of the handles it yields; nil for plain values
---@field list boolean  whether it yields a list
---@field where perilune.Where|nil
---@field broken boolean|nil  a mistake was reported for it already; it stands for nothing
---@field force fun(value: perilune.schema.Deferred, record: perilune.schema.DeferredRecord): any  may wait
---@field index fun(value: perilune.schema.Deferred, record: perilune.schema.DeferredRecord, key: any): any
---@field call (fun(value: perilune.schema.Deferred, record: table, ...): any)|nil

---@type table<perilune.schema.Deferred, perilune.schema.DeferredRecord>
local records = setmetatable({}, { __mode = "k" })

--- A value as Lua's operators see it: a deferred one is forced, any other is itself.
---@param value any
---@return any
function deferred.plain(value)
  local record = type(value) == "table" and records[value]
  if record then
    return record.force(value, record)
  end
  return value
end

local plain = deferred.plain

local function show(value)
  if type(value) ~= "table" or (getmetatable(value) or nil) then
    return tostring(value)
  end
  local texts = {}
  for i, element in ipairs(value) do
    texts[i] = show(element)
  end
  return "{ " .. table.concat(texts, ", ") .. " }"
end

local meta = {
  __name = "deferred",
  __metatable = "deferred",
  __index = function(self, key) return records[self].index(self, records[self], key) end,
  __newindex = function(self, key) return records[self].assign(self, records[self], key) end,
  __call = function(self, ...)
    local call = records[self].call
    if call then return call(self, records[self], ...) end
    return plain(self)(...)
  end,
  __len = function(self) return #plain(self) end,
  __pairs = function(self) return pairs(plain(self)) end,
  __tostring = function(self) return show(plain(self)) end,
  __eq = function(a, b) return plain(a) == plain(b) end,
  __lt = function(a, b) return plain(a) < plain(b) end,
  __le = function(a, b) return plain(a) <= plain(b) end,
  __concat = function(a, b) return plain(a) .. plain(b) end,
  __unm = function(a) return -plain(a) end,
  __add = function(a, b) return plain(a) + plain(b) end,
  __sub = function(a, b) return plain(a) - plain(b) end,
  __mul = function(a, b) return plain(a) * plain(b) end,
  __div = function(a, b) return plain(a) / plain(b) end,
  __mod = function(a, b) return plain(a) % plain(b) end,
  __pow = function(a, b) return plain(a) ^ plain(b) end,
  __idiv = function(a, b) return plain(a) // plain(b) end,
  __close = nil,
}

--- Makes a deferred value of a record.
---@param record perilune.schema.DeferredRecord
---@return perilune.schema.Deferred
function deferred.new(record)
  local self = setmetatable({}, meta)
  records[self] = record
  return self
end

--- Whether a value is deferred.
---@return boolean
function deferred.is(value)
  return type(value) == "table" and records[value] ~= nil
end

---@param value any
---@return perilune.schema.DeferredRecord|nil
function deferred.record(value)
  return type(value) == "table" and records[value] or nil
end

--- The handle at the root of a chain of attributes: of `cluster("C").hosts[1].name` the cluster.
---@param value perilune.schema.Deferred
---@return perilune.schema.Handle
function deferred.root(value)
  while records[value] do
    value = records[value].of
  end
  return value
end

return deferred
