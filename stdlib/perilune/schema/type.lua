--- What every field type shares: its properties, its extra rules and the order of a check.
---
--- Attributes that everyone may read: `kind`, `is_required`, `default_value`, `doc_text`,
--- `is_create_only`, `example_text`, and by type `min`, `max`, `unit`, `members`, `of`, `fields`, `kinds`.
local deferred = require "perilune.schema.deferred"
local handle = require "perilune.schema.handle"
local secret = require "perilune.util.secret"

---@class perilune.schema.Mistake
---@field path string  the field: "disks[2].size"; "" is the resource itself
---@field message string
---@field hint string|nil  what to do
---@field at "key"|"value"|"parent"  what of the field to point at; "parent": the table that lacks it
---@field told boolean|nil  nothing to tell: the value is missing for a reason that was told elsewhere

---@alias perilune.schema.Report fun(mistake: perilune.schema.Mistake)

---@class perilune.schema.Context  what a playbook adds to a check; a check without one knows no server
---@field plain (fun(value: perilune.schema.Deferred, path: string): boolean, any)|nil  may wait
---@field lookup (fun(kinds: string[], name: string, path: string): any)|nil  makes the handle of a name
---@field partial boolean|nil  required fields of the outermost record may be missing

---@class perilune.schema.Type
---@field kind string
---@field is_required boolean
---@field default_value any
---@field doc_text string|nil
---@field example_text string|nil
---@field is_create_only boolean
---@field package rules (fun(value: any): string|nil)[]
local Type = {}
Type.__index = Type

---@param class table  methods `accept` and, where it differs, `describe` and `keeps`
---@param self table
---@return perilune.schema.Type
function Type.new(class, self)
  self.is_required, self.is_create_only, self.rules = false, false, {}
  return setmetatable(self, class)
end

--- Makes a subclass.
function Type.extend()
  local class = setmetatable({}, Type)
  class.__index = class
  return class
end

--- A value in the words of a message: texts quoted, handles as written, no table's contents.
function Type.show(value)
  if type(value) == "string" then
    return ('"%s"'):format(#value > 60 and value:sub(1, 57) .. "…" or value)
  elseif handle.is(value) or secret.is(value) then
    return tostring(value)
  elseif type(value) == "table" or type(value) == "function" then
    return "a " .. type(value)
  end
  return tostring(value)
end

--- Says that the field must be given. Returns the type, as all of these do.
function Type:required()
  self.is_required = true
  return self
end

--- The value of a field that was not given, as `check` would return it (a size in bytes).
function Type:default(value)
  self.default_value = value
  return self
end

--- One sentence for the documentation.
function Type:doc(text)
  self.doc_text = text
  return self
end

--- A value for the documentation to show.
function Type:example(text)
  self.example_text = text
  return self
end

--- Says that the field counts only while the object is being made.
function Type:create_only()
  self.is_create_only = true
  return self
end

--- Whether a deferred value may stay in the field until the plan resolves it.
function Type:keeps()
  return false
end

--- Whether an element of a deferred list may stay so; asked by the list.
function Type:keeps_element()
  return false
end

--- The value as the type wants it, or nil after a report.
function Type:accept(value)
  return value
end

local function apply_rules(self, written, value, path, report)
  for _, rule in ipairs(self.rules) do
    local problem = rule(value)
    if problem then
      local subject = type(written) ~= "table" and Type.show(written) .. " " or ""
      report { path = path, message = subject .. problem, at = "value" }
      return nil
    end
  end
  return value
end

local function known(value, path, report, context)
  if deferred.record(value).broken then
    return false
  elseif context and context.plain then
    return context.plain(value, path)
  end
  report { path = path, message = "is known only to the server", at = "value" }
  return false
end

local function check(self, value, path, report, context)
  if deferred.is(value) and (deferred.record(value).broken or not self:keeps(value)) then
    local is_known, plain = known(value, path, report, context)
    if not is_known then
      return report { path = path, message = "has no value", at = "value", told = true }
    end
    value = plain
  end
  local is_wrong = false
  local accepted = self:accept(value, path, function(mistake)
    is_wrong = true
    report(mistake)
  end, context)
  if is_wrong or accepted == nil or deferred.is(accepted) then return accepted end
  return apply_rules(self, value, accepted, path, report)
end

--- With one function: adds a rule, `fn(value)` → nil or what is wrong, and returns the type.
--- Otherwise checks a value and returns it as it is meant, sharing nothing with what was given. Every
--- mistake goes to `report` and checking goes on; a part that is wrong is left out of the result.
---@param value any
---@param path string|nil
---@param report perilune.schema.Report|nil
---@param context perilune.schema.Context|nil
---@return any
function Type:check(value, path, report, context)
  if report == nil and type(value) == "function" then
    table.insert(self.rules, value)
    return self
  end
  return check(self, value, path or "", report, context)
end

--- The type in a few words, for documentation: `size "20GiB"`.
---@return string
function Type:describe()
  return self.example_text and ('%s "%s"'):format(self.kind, self.example_text) or self.kind
end

return Type
