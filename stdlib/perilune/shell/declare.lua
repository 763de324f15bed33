--- The words of playbooks at the prompt: what is declared line by line is one playbook, which can be planned,
--- applied and saved.
---
---     w = vm "web-01"                    a name; w:PowerOnVM_Task() is a method of the object it stands for
---     w.memory = "4GiB"                  declares that field of it: a change to plan
---     portgroup "web" { vlan = 130 }     declares the port group, anew if it was declared already
---     plan()   apply()   forget()
---
--- A declaration is checked as in a playbook when it is entered, and kept as what was written. `plan` writes the
--- playbook that `:save` would save and has it read as any other: both are the same by construction.
local bind = require "perilune.playbook.bind"
local err = require "perilune.err"
local handle = require "perilune.schema.handle"
local handles = require "perilune.playbook.handle"
local kinds = require "perilune.kind"
local known = require "perilune.shell.known"
local opening = require "perilune.shell.opening"
local planned = require "perilune.shell.planned"
local playbook_words = require "perilune.playbook.words"
local reading = require "perilune.playbook.session"
local saved = require "perilune.shell.saved"
local schema = require "perilune.c.schema"

local declare = {}

---@class perilune.shell.Entry  one declaration
---@field kind string
---@field name string
---@field body table  as it was written, with what `defaults` added
---@field transaction string|nil

---@class perilune.shell.Declared
---@field session perilune.shell.Session
---@field reading perilune.playbook.Session
---@field entries perilune.shell.Entry[]
---@field outputs { name: string, value: any }[]
---@field private fresh table<perilune.schema.Handle, true>  declared by this line
local Declared = {}
Declared.__index = Declared

local function key_of(kind, name)
  return kind .. "\0" .. name
end

local function new_reading(session)
  local made = reading.new(session.name, {
    mode = "plan",
    write = function(s) session:write(s) end,
    resolve = function(lookups) require("perilune.plan").open(session:vcenter()):resolver()(lookups) end,
  })
  made.live = function(where, found) return handles.live(made, where, found) end
  made.assigned, made.unknown_names = {}, {}
  setmetatable(made.sources, {
    __index = function(_, path) return path == session.name and session:source() or nil end,
  })
  return made
end

---@param session perilune.shell.Session
---@return perilune.shell.Declared
function declare.new(session)
  local self = setmetatable({ session = session, kind_words = {} }, Declared)
  self:clear()
  return self
end

function Declared:clear()
  self.reading = new_reading(self.session)
  self.entries, self.by_key, self.outputs, self.fresh = {}, {}, {}, {}
  self.playbook_words = nil
end

--- A line begins, in the task that calls this. Names that were used before are asked for again.
function Declared:begin()
  local now = self.reading
  now.thread = coroutine.running()
  now.mistakes, now.seen, now.stopped, now.is_unasked = {}, {}, nil, nil
  now.lookups, now.lookup_of, now.handles, now.deferreds = {}, {}, {}, {}
  now.unknown_names, now.needs_server, now.transaction = {}, {}, nil
  self.fresh = {}
end

--- Raises the mistakes of this line's declarations.
function Declared:check()
  local problem = bind.error_of(self.reading)
  self.reading.mistakes = {}
  if not problem then return end
  problem.message = problem.message:gsub("; nothing was read or changed%.$", "")
  error(problem, 0)
end

--- What an error means that a word of a playbook raised: where reading was to stop, the mistakes until there.
---@param e any
---@return any
function Declared:explain(e)
  if not reading.is_stop(e) then return e end
  local ok, problem = pcall(self.check, self)
  return ok and err.new { code = "playbook.error", message = "the declaration cannot go on here" } or problem
end

-- Handles -----------------------------------------------------------------------------------------------------

local function type_of(record)
  local types = record.kind.types
  return types and types[1]
end

--- The live object that a handle names. Raises where there is none.
---@return userdata
function Declared:find(record)
  local vc, path = self.session:vcenter(), record.lookup and record.lookup.path or record.name
  if path:sub(1, 1) == "/" then return vc:find_one(path) end
  local found = vc:find_one { type = type_of(record), name = path }
  known.learn(found, path)
  return found
end

--- The live object to show for a handle; nil where there is none, or no server.
---@param value any
---@return userdata|nil
function Declared:live_of(value)
  local record = handle.record(value)
  if not record or not self.session:can_ask() or not type_of(record) then return nil end
  local entry = self.by_key[key_of(record.kind.name, record.name)]
  local ok, found = xpcall(self.find, err.wrap, self, record)
  if ok then return found end
  if entry and err.has(found, "vim.not_found") then return nil end
  error(found, 0)
end

local function is_method(record, key)
  local type_name = type_of(record)
  return type_name and type(key) == "string" and (key == "get" or schema.method(type_name, key) ~= nil)
end

local function forwarded(self, record, key)
  return function(_, ...)
    local ref = self:find(record)
    return ref[key](ref, ...)
  end
end

local function is_plain_field(record, key)
  local fields = record.kind.fields
  return fields and fields.fields[key] and not (record.kind.attributes or {})[key]
end

local function field_problem(record, key)
  err.raise {
    code = "playbook.name",
    message = ('%s of %s "%s" is not declared here'):format(key, record.kind.name, record.name),
    hint = 'what is there now is read with get: w:get "config.hardware.memoryMB"',
  }
end

--- The API's methods begin with a capital, fields and attributes do not.
local function method_problem(record, key)
  local type_name, names = type_of(record), {}
  for _, name in ipairs(schema.methods(type_name)) do names[name] = true end
  err.raise {
    code = "playbook.name",
    message = ('%s has no method "%s"'):format(type_name, key),
    hint = err.suggest(key, names) or ("doc %q lists what it has"):format(type_name),
  }
end

local function is_meant_as_method(record, key)
  return type(key) == "string" and key:find "^%u" ~= nil and type_of(record) ~= nil
end

local function index(self, outer)
  return function(value, record, key)
    local entry = self.by_key[key_of(record.kind.name, record.name)]
    if entry and entry.body[key] ~= nil then return entry.body[key] end
    if is_method(record, key) then return forwarded(self, record, key) end
    if is_plain_field(record, key) then field_problem(record, key) end
    if is_meant_as_method(record, key) then method_problem(record, key) end
    return outer(value, record, key)
  end
end

local function copy(body)
  local fresh = {}
  for key, value in pairs(body) do fresh[key] = value end
  return fresh
end

--- Has a body checked as a playbook's; nil where it has mistakes, which are reported.
local function checked(self, value, record, body, call)
  local now, before = self.reading, #self.reading.mistakes
  local key = key_of(record.kind.name, record.name)
  now.declared[key], record.resource, now.resources = nil, nil, {}
  call(value, record, body)
  local made = record.resource
  if not made or #now.mistakes > before then return nil end
  local whole = copy(body)
  for field, written in pairs(now.written[made]) do
    if whole[field] == nil then whole[field] = written end
  end
  return whole, made.transaction and made.transaction.name
end

local function keep(self, record, body, transaction)
  local key = key_of(record.kind.name, record.name)
  local entry = self.by_key[key]
  if not entry then
    entry = { kind = record.kind.name, name = record.name }
    self.by_key[key] = entry
    self.entries[#self.entries + 1] = entry
  end
  entry.body, entry.transaction = body, transaction
end

local function call(self, outer)
  return function(value, record, body)
    if type(body) == "table" and getmetatable(body) == nil then
      body = opening.fill(self.session, record.kind.name, record.name, body, function(kind, name)
        return self:word(kind)(name)
      end)
    end
    local whole, transaction = checked(self, value, record, body, outer)
    if whole then
      keep(self, record, whole, transaction)
      self.fresh[value] = true
    end
    return value
  end
end

--- `w.memory = "4GiB"`: that field is declared, besides what was declared before.
local function assign(self, outer_call)
  return function(value, record, key, new)
    local entry = self.by_key[key_of(record.kind.name, record.name)]
    local body = entry and copy(entry.body) or {}
    body[key] = new
    if next(body) == nil then return end
    call(self, outer_call)(value, record, body)
  end
end

local function adopt(self, value)
  local record = handle.record(value)
  if not record then return value end -- a mistake was reported
  local outer_call = record.call
  record.index, record.assign, record.call = index(self, record.index), assign(self, outer_call), call(self, outer_call)
  return value
end

--- The word of a kind, or of a playbook; nil where it is none.
---@param name string
---@return function|nil
function Declared:word(name)
  local kind = kinds[name]
  if not kind then return nil end
  if not self.kind_words[name] then
    self.kind_words[name] = function(...) return adopt(self, handles.word(self.reading, kind)(...)) end
  end
  return self.kind_words[name]
end

--- Whether a value is what this line declared: it is not shown.
function Declared:is_new(value)
  return type(value) == "table" and self.fresh[value] == true
end

-- Words -------------------------------------------------------------------------------------------------------

local function output(self)
  return function(name, value)
    self.reading.outputs[name] = nil
    playbook_words.of(self.reading).output(name, value)
    if self.reading.outputs[name] == nil then return end
    for i, other in ipairs(self.outputs) do
      if other.name == name then table.remove(self.outputs, i) end
    end
    self.outputs[#self.outputs + 1] = { name = name, value = value }
  end
end

local function owner(self)
  return function(name)
    self.reading.owner_where = nil
    playbook_words.of(self.reading).playbook(name)
  end
end

--- Takes back one declaration, or all.
function Declared:forget(value)
  if value == nil then return self:clear() end
  local record = handle.record(value)
  local key = record and key_of(record.kind.name, record.name)
  if not key or not self.by_key[key] then
    err.raise {
      code = "argument", message = "forget takes what was declared: forget(vm \"web-01\"), or nothing for all",
    }
  end
  local entry = self.by_key[key]
  self.by_key[key], self.reading.declared[key], record.resource = nil, nil, nil
  for i, other in ipairs(self.entries) do
    if other == entry then table.remove(self.entries, i) end
  end
end

--- What was declared, as the text of a playbook.
---@return string
function Declared:text()
  return saved.text { owner = self.reading.owner, entries = self.entries, outputs = self.outputs }
end

---@return boolean
function Declared:is_empty()
  return #self.entries == 0 and #self.outputs == 0
end

---@return table<string, function>
function Declared:words()
  local function current(name)
    return function(...) return playbook_words.of(self.reading)[name](...) end
  end
  return {
    playbook = owner(self), var = current "var", defaults = current "defaults", output = output(self),
    transaction = current "transaction", each = current "each",
    plan = function(...) planned.plan(self, ...) end,
    apply = function(...) planned.apply(self, ...) end,
    forget = function(value) self:forget(value) end,
  }
end

return declare
