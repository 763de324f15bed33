--- From declared resources to nodes: every handle and deferred value in them becomes what it stands for.
---
--- A node is a resource or a lookup inside one plan. The declaration itself is not touched, so the same
--- declaration can be planned again after an apply.
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local handle = require "perilune.schema.handle"

local bind = {}

---@class perilune.plan.Node
---@field id string          unique in the plan; the symbol of the object it will be
---@field kind table
---@field name string
---@field label string       vm "web-01"
---@field fields table?      of a resource, bound; none for a lookup
---@field given table<string, boolean>
---@field where table?
---@field entry perilune.plan.Entry?  what it is in the inventory
---@field actual any         its present state, as its kind tells
---@field after perilune.plan.Node[]

local Binder = {}
Binder.__index = Binder

local function label(kind, name)
  return ('%s "%s"'):format(kind.name, name)
end

function Binder:problem(where, message, hint, excerpt)
  self.problems[#self.problems + 1] =
    err.new { code = "playbook.unknown", where = where, message = message, hint = hint, excerpt = excerpt }
end

function Binder:problem_of(lookup, message, hint)
  local where, excerpt = lookup.locate()
  self:problem(where, message, hint, excerpt)
end

local function names_of(entries)
  local list = {}
  for i, entry in ipairs(entries) do
    list[i] = entry.name
  end
  return list
end

local function candidates(entries)
  local lines = {}
  for i, entry in ipairs(entries) do
    lines[i] = "  " .. entry.path
  end
  return table.concat(lines, "\n")
end

local function some(list)
  if #list == 0 then return "there is none at all" end
  local shown = table.concat(list, ", ", 1, math.min(#list, 8))
  return "there is " .. shown .. (#list > 8 and (" and %d more"):format(#list - 8) or "")
end

function Binder:missing(lookup, types)
  local all = names_of(self.estate:all(types))
  local message = ("%s: no such %s on the server"):format(label(lookup.kind, lookup.name), lookup.kind.name)
  self:problem_of(lookup, message, err.suggest(lookup.name, all) or some(all))
end

--- The one entry a lookup means; nil after a problem was told.
function Binder:find(lookup)
  local found = self.estate:find(lookup.kind.types, lookup.path or lookup.name)
  if #found == 1 then return found[1] end
  if #found == 0 then
    self:missing(lookup, lookup.kind.types)
  else
    local message = ("%s: there are %d of that name:\n%s")
      :format(label(lookup.kind, lookup.name), #found, candidates(found))
    self:problem_of(lookup, message, "give the whole path instead of the name")
  end
end

--- Tags and categories are no objects of the inventory: their node is found by name later.
local function is_in_inventory(kind)
  return #kind.types > 0
end

function Binder:lookup_node(lookup)
  local node = self.nodes[lookup]
  if node then return node end
  local kind, name = lookup.kind, lookup.name
  node = { kind = kind, name = name, label = label(kind, name), where = lookup.where }
  if is_in_inventory(lookup.kind) then node.entry = self:find(lookup) end
  if node.entry then node.name = node.entry.name end
  self.nodes[lookup] = node
  return node
end

function Binder:entry_node(kind, entry)
  local node = self.nodes[entry]
  if not node then
    node = { kind = kind, name = entry.name, label = label(kind, entry.name), entry = entry }
    self.nodes[entry] = node
  end
  return node
end

function Binder:target(value)
  local target = handle.target(value)
  return self.nodes[target] or self:lookup_node(target)
end

--- What an attribute of a live object is, as nodes where it is of a kind.
function Binder:attribute(node, key)
  if key == "name" then return node.name end
  local attribute = node.kind.attributes[key]
  local value = attribute and node.entry and attribute.value(node.entry, self.estate)
  if value == nil or not attribute.kind then return value end
  local kind = self.kinds[attribute.kind]
  if not attribute.list then return self:entry_node(kind, value) end
  local list = {}
  for i, entry in ipairs(value) do
    list[i] = self:entry_node(kind, entry)
  end
  return list
end

function Binder:index(list, key, where)
  local value = list and list[key]
  if list and value == nil then
    self:problem(where, ("there is no element %d; the list has %d"):format(key, #list))
  end
  return value
end

--- The value of a deferred one: attributes of lookups, elements of their lists.
function Binder:evaluate(value)
  local record = deferred.record(value)
  local owner
  if handle.is(record.of) then
    owner = self:target(record.of)
  else
    owner = self:evaluate(record.of)
  end
  if math.type(record.key) == "integer" then return self:index(owner, record.key, record.where) end
  return owner and owner.entry and self:attribute(owner, record.key)
end

--- A copy of a field's value in which handles and deferred values are what they stand for.
function Binder:value(value)
  if handle.is(value) then return self:target(value) end
  if deferred.is(value) then return self:evaluate(value) end
  if type(value) ~= "table" or getmetatable(value) then return value end
  local copy = {}
  for key, inner in pairs(value) do
    copy[key] = self:value(inner)
  end
  return copy
end

local function declare(binder, resource, index)
  local node = {
    id = ("%s %s %d"):format(resource.kind.name, resource.name, index),
    kind = resource.kind,
    name = resource.name,
    label = label(resource.kind, resource.name),
    given = resource.given,
    where = resource.where,
    transaction = resource.transaction,
    absent = resource.absent,
    protect = resource.protect,
    ignore = resource.ignore,
    resource = resource,
  }
  binder.nodes[resource] = node
  binder.list[index] = node
end

---@param kinds table<string, table>
---@return table binder  for bind.lookups and bind.resources
function bind.new(estate, kinds)
  return setmetatable({ estate = estate, kinds = kinds, nodes = {}, list = {}, problems = {} }, Binder)
end

--- Binds a declaration. Mistakes are collected in binder.problems.
---@return perilune.plan.Node[] nodes  of the resources, in the order of the file
function bind.resources(binder, declaration)
  for i, resource in ipairs(declaration.resources) do
    declare(binder, resource, i)
  end
  for _, node in ipairs(binder.list) do
    node.fields = binder:value(node.resource.fields)
  end
  return binder.list
end

-- A bound value as data: what is of a kind by its label.
local function plain(value)
  if type(value) ~= "table" or getmetatable(value) then return value end
  if value.kind and value.label then return value.label end
  local copy = {}
  for key, inner in pairs(value) do copy[key] = plain(inner) end
  return copy
end

---@class perilune.plan.Output
---@field name string
---@field value any  nil: known only after apply

--- The declaration's outputs, in the order of the file.
---@return perilune.plan.Output[]
function bind.outputs(binder, declaration)
  local list = {}
  for i, name in ipairs(declaration.output_names or {}) do
    list[i] = { name = name, value = plain(binder:value(declaration.outputs[name])) }
  end
  return list
end

--- What lookup.value is to be: attributes of the object; those of a kind as nodes, of which the playbook
--- makes handles.
local function value_of(binder, node)
  return function(key) return binder:attribute(node, key) end
end

--- Gives each lookup its value(key), for playbooks that use an attribute as a plain value while they are
--- read. One that is missing is a problem only where its value is needed now: the name may yet be declared.
---@return perilune.Error[] problems
function bind.lookups(binder, lookups)
  for _, lookup in ipairs(lookups) do
    local told = #binder.problems
    local node = binder:lookup_node(lookup)
    if node.entry then
      lookup.value = value_of(binder, node)
    elseif not lookup.needed then
      binder.problems[told + 1] = nil
    end
  end
  return binder.problems
end

return bind
