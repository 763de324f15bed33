--- Declaring: a body given to a handle is checked against its kind's schema and becomes a resource.
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local handle = require "perilune.schema.handle"
local path_of = require "perilune.schema.path"
local schema = require "perilune.schema"
local secret = require "perilune.util.secret"
local values = require "perilune.playbook.deferred"

local resource = {}

---@class perilune.playbook.Resource
---@field kind table
---@field name string
---@field fields table  checked; references are handles and deferred values
---@field given table<string, true>  the fields that were written, here or in `defaults`
---@field where perilune.Where
---@field transaction { name: string, where: perilune.Where }|nil
---@field after perilune.schema.Handle[]
---@field absent boolean
---@field protect boolean
---@field ignore table<string, true>
---@field locate fun(path: string, at: string|nil): perilune.Where, string|nil  a field's place and excerpt

--- What every kind that can be declared takes besides its own fields.
local COMMON = {
  after = schema.list(schema.any()):doc "resources that come first",
  absent = schema.boolean():default(false):doc "true: it shall not exist",
  protect = schema.boolean():default(false):doc "true: it is never removed",
  ignore = schema.list(schema.string()):default {}:doc "fields that are left to others",
}

--- The fields that every kind takes, for documentation.
resource.COMMON = COMMON

local function is_plain_table(value)
  return type(value) == "table" and not handle.is(value) and not deferred.is(value) and not secret.is(value)
end

--- What to look for in the text: the call, and whether a field came from `defaults` instead.
local function call_of(reading, item, path)
  local key = path:match "^[%a_][%w_]*"
  local default = key and item.inherited[key]
  if default then
    return default.where, { line = default.where.line, word = "defaults" }
  end
  return item.body_where, { line = item.body_where.line, word = item.kind.name, name = item.name }
end

local function locate(reading, item, path, at)
  local where, call = call_of(reading, item, path)
  local text = reading.sources[where.file]
  if not text then
    return where, false
  end
  local found, exact = text:field(call, path, at or "value")
  return found, exact
end

--- "disks[2]: " of a value there; of an unknown or missing field its parent's.
local function subject(mistake)
  local path = mistake.path
  if mistake.at ~= "value" then
    local keys, parent = path_of.keys(path), ""
    for i = 1, #keys - 1 do
      parent = path_of.join(parent, keys[i])
    end
    path = parent
  end
  return path == "" and "" or path .. ": "
end

local function joined(message, hint)
  if hint and not hint:find "^did you mean" then return message .. "; " .. hint, nil end
  return message, hint
end

--- The report that a schema calls for each mistake in a body.
local function reporter(reading, item)
  return function(mistake)
    item.is_wrong = true
    if mistake.told then return end
    local where, exact = locate(reading, item, mistake.path, mistake.at)
    local hint = mistake.hint
    if mistake.at == "key" and not hint and not mistake.path:find "[.%[]" then
      hint = err.suggest(mistake.path, COMMON)
    end
    local message
    message, hint = joined(subject(mistake) .. mistake.message, hint)
    reading:report {
      code = "playbook.field",
      where = where, hint = hint, field = mistake.path,
      message = ("%s: %s"):format(item.label, message),
      once = exact and message or nil,
    }
  end
end

--- The value of a deferred field that is no reference: asked from the server where that is possible.
local function plain_value(reading, item, value, path, report)
  local root = deferred.root(value)
  if values.resource_of(reading, handle.record(root)) then
    report {
      path = path, at = "value",
      message = ("%s is declared here; its value is known only after apply"):format(handle.label(root)),
    }
    return false
  elseif not values.may_ask(reading) then
    return false
  end
  return true, deferred.plain(value)
end

local function context_of(reading, item, report)
  return {
    partial = item.body.absent == true,
    plain = function(value, path) return plain_value(reading, item, value, path, report) end,
    lookup = function(kinds, name, path)
      local where = call_of(reading, item, path)
      return item.named(kinds, name, where, function() return (locate(reading, item, path)) end)
    end,
  }
end

--- The fields written here and those that `defaults` adds; common ones apart.
local function split(reading, item)
  local own, common = {}, {}
  for key, value in pairs(item.body) do
    local part = COMMON[key] and common or own
    part[key] = value
  end
  for key, default in pairs(reading.defaults) do
    if own[key] == nil and item.kind.fields.fields[key] then
      own[key], item.inherited[key] = default.value, default
    end
  end
  return own, common
end

local function check_after(list, report)
  for i, element in ipairs(list or {}) do
    if not handle.is(element) and not deferred.is(element) then
      report {
        path = ("after[%d]"):format(i), at = "value",
        message = "expected what a name gives", hint = 'write after = { folder "web" }',
      }
    end
  end
  return list or {}
end

local function check_ignore(item, list, report)
  local ignored = {}
  for i, name in ipairs(list) do
    if not item.kind.fields.fields[name] then
      report {
        path = ("ignore[%d]"):format(i), at = "value",
        message = ('a %s has no field "%s"'):format(item.kind.name, name),
        hint = err.suggest(name, item.kind.fields.fields),
      }
    end
    ignored[name] = true
  end
  return ignored
end

local function check_common(item, common, report, context)
  local checked = {}
  for name, type in pairs(COMMON) do
    if common[name] ~= nil then
      checked[name] = type:check(common[name], name, report, context)
    end
    if checked[name] == nil then checked[name] = schema.default_of(type) end
  end
  return {
    after = check_after(checked.after, report),
    absent = checked.absent,
    protect = checked.protect,
    ignore = check_ignore(item, checked.ignore, report),
  }
end

local function keys_of(fields)
  local given = {}
  for key in pairs(fields) do
    given[key] = true
  end
  return given
end

--- Reports a second resource of the same kind, name and scope.
local function check_duplicate(reading, item, made)
  local key = item.kind.name .. "\0" .. item.name
  local same = reading.declared[key] or {}
  reading.declared[key] = same
  local is_told, scope = true, ""
  if item.kind.scope then
    is_told, scope = not item.is_wrong, not item.is_wrong and item.kind.scope(made.fields) or nil
  end
  for _, other in ipairs(same) do
    if is_told and other.scope == scope then
      reading:report {
        code = "playbook.duplicate",
        where = reading:at_call(item.where, item.kind.name, item.name),
        message = ("%s is declared twice; first at %s:%d")
          :format(item.label, other.resource.where.file, other.resource.where.line),
      }
      return
    end
  end
  table.insert(same, { scope = scope, resource = made })
end

local function make(reading, item)
  local report = reporter(reading, item)
  local context = context_of(reading, item, report)
  local own, common = split(reading, item)
  local made = check_common(item, common, report, context)
  made.kind, made.name, made.where = item.kind, item.name, item.where
  made.given = keys_of(own)
  made.fields = item.kind.fields:check(own, "", report, context) or {}
  made.transaction = reading.transaction
  made.locate = function(path, at)
    local where = locate(reading, item, path, at)
    local text = reading.sources[where.file]
    return where, text and text:excerpt(where) or nil
  end
  return made, own
end

--- Whether a body can be given; reports why it cannot.
local function may_declare(reading, record, label, body, where)
  local message, hint, code
  if record.resource then
    local first = record.resource.where
    code = "playbook.duplicate"
    message = ("%s has a body already, at %s:%d"):format(label, first.file, first.line)
  elseif not record.kind.fields or record.live then
    code, hint = "playbook.error", ("use it without a body: %s"):format(label)
    message = ("%s cannot be declared: a %s is only looked up"):format(label, record.kind.name)
  elseif not is_plain_table(body) then
    code, message = "argument", ("%s: expected a table of fields, got %s"):format(label, type(body))
    hint = ("write %s { … }"):format(label)
  else
    return true
  end
  local place = reading:at_call(where, record.kind.name, record.name)
  reading:report { code = code, where = place, message = message, hint = hint }
  return false
end

--- Declares the resource that a handle names.
---@param reading perilune.playbook.Session
---@param self perilune.schema.Handle
---@param record perilune.schema.HandleRecord
---@param body table
---@param named fun(kinds: string[], name: string, where: perilune.Where, find: function): perilune.schema.Handle
function resource.declare(reading, self, record, body, named)
  local where, label = reading:here(), handle.label(self)
  if not may_declare(reading, record, label, body, where) then return end
  local item = {
    kind = record.kind, name = record.name, label = label, where = record.where, body = body,
    body_where = where, inherited = {}, named = named,
  }
  local made, written = make(reading, item)
  record.resource = made
  reading.written[made] = written
  check_duplicate(reading, item, made)
  table.insert(reading.resources, made)
end

return resource
