--- What is done once the file was read: names are bound, and the graph is checked for cycles.
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local handle = require "perilune.schema.handle"
local references = require "perilune.schema.references"

local bind = {}

local function label(resource)
  return ('%s "%s"'):format(resource.kind.name, resource.name)
end

--- The resources declared under a name, of the first kind that has any; by their other names too.
local function declared_as(reading, aliases, record)
  for _, kind_name in ipairs(record.kinds) do
    local key = kind_name .. "\0" .. record.name
    local found = reading.declared[key] or aliases[key]
    if found then return found end
  end
end

--- Resources by the other names of their kind: a folder's path.
local function aliases_of(reading)
  local aliases = {}
  for _, resource in ipairs(reading.resources) do
    local alias = resource.kind.alias and resource.kind.alias(resource.fields)
    if alias then aliases[resource.kind.name .. "\0" .. alias] = { { resource = resource } } end
  end
  return aliases
end

local function ambiguous(reading, record, found)
  local places = {}
  for i, entry in ipairs(found) do
    places[i] = ("%s:%d"):format(entry.resource.where.file, entry.resource.where.line)
  end
  reading:report {
    code = "playbook.duplicate",
    where = record.find and record.find() or reading:at_call(record.where, record.kind.name, record.name),
    message = ('%s "%s" could be any of those declared at %s'):format(record.kind.name, record.name,
      table.concat(places, ", ")),
    hint = "keep the one you mean in a local, and use that",
  }
end

local function bind_handle(reading, aliases, record)
  local found = not record.resource and declared_as(reading, aliases, record)
  if found and #found > 1 and not reading.stopped then ambiguous(reading, record, found) end
  record.binding = record.resource or found and found[1].resource or record.lookup
  record.kind = record.binding.kind
end

--- The lookups that something in the file stands for, in the order of the file.
local function used_lookups(reading)
  local used, kept = {}, {}
  for _, made in ipairs(reading.handles) do
    used[handle.target(made)] = true
  end
  for _, lookup in ipairs(reading.lookups) do
    if used[lookup] then kept[#kept + 1] = lookup end
  end
  return kept
end

--- A field read before the resource was declared, or of one that is only looked up.
local function check_deferred(reading, record)
  local owner = handle.record(record.of)
  local has = owner and (owner.kind.attributes or {})[record.key]
  if not owner or has then return end
  local is_lookup = owner.binding == owner.lookup
  reading:report {
    code = "playbook.name",
    where = reading:at_word(record.where, record.key),
    message = is_lookup and ('%s "%s" is only looked up; it has no attribute "%s"')
      :format(owner.kind.name, owner.name, record.key)
      or ('"%s" of %s "%s" is read before it is declared'):format(record.key, owner.kind.name, owner.name),
    hint = not is_lookup and "move the declaration above this line" or nil,
  }
end

local function edge_text(from, reference)
  return ("%s:%d: %s names %s in %s")
    :format(from.where.file, from.where.line, label(from), label(reference.target), reference.path)
end

--- The cycle that the last reference of a path closes, from its first resource in the file.
local function cycle_of(path, target, order)
  local steps = {}
  for i = #path, 1, -1 do
    table.insert(steps, 1, path[i])
    if path[i].from == target then break end
  end
  local first = 1
  for i, step in ipairs(steps) do
    if order[step.from] < order[steps[first].from] then first = i end
  end
  return table.move(steps, 1, first - 1, #steps + 1 - (first - 1), table.move(steps, first, #steps, 1, {}))
end

local function report_cycle(reading, steps)
  local names, lines = {}, {}
  for i, step in ipairs(steps) do
    names[i], lines[i] = label(step.from), edge_text(step.from, step.reference)
  end
  names[#names + 1] = names[1]
  local first = steps[1]
  reading:report {
    code = "playbook.cycle",
    where = first.from.locate(first.reference.path),
    message = #steps == 1 and ("%s waits for itself"):format(names[1])
      or "resources wait for each other: " .. table.concat(names, " → "),
    detail = #steps > 1 and table.concat(lines, "\n") or nil,
    hint = "take one of these references out",
  }
end

local function check_cycles(reading)
  local order, state, path = {}, {}, {}
  for i, resource in ipairs(reading.resources) do
    order[resource] = i
  end
  local function visit(resource)
    state[resource] = "open"
    for _, reference in ipairs(references(resource)) do
      local target = reference.target
      path[#path + 1] = { from = resource, reference = reference }
      if state[target] == "open" then
        report_cycle(reading, cycle_of(path, target, order))
      elseif order[target] and not state[target] then
        visit(target)
      end
      path[#path] = nil
    end
    state[resource] = "done"
  end
  for _, resource in ipairs(reading.resources) do
    if not state[resource] then visit(resource) end
  end
end

--- Binds every handle; checks what only the whole file can tell.
---@param reading perilune.playbook.Session
function bind.finish(reading)
  local aliases = aliases_of(reading)
  for _, made in ipairs(reading.handles) do
    bind_handle(reading, aliases, handle.record(made))
  end
  reading.lookups = used_lookups(reading)
  for _, value in ipairs(reading.stopped and {} or reading.deferreds) do
    check_deferred(reading, deferred.record(value))
  end
  check_cycles(reading)
end

--- The error of a reading with mistakes: the mistake itself, or one that holds all.
---@param reading perilune.playbook.Session
---@return perilune.Error|nil
function bind.error_of(reading)
  local mistakes, last = reading:sorted_mistakes(), reading.is_unasked and reading.stopped
  if #mistakes < 2 and not last then return mistakes[1] end
  if #mistakes == 0 then return nil end
  local detail = last
    and ("%s:%d needs the server; what follows it was not checked"):format(last.file, last.line)
  return err.new {
    code = "playbook.mistakes", mistakes = mistakes, detail = detail or nil,
    message = ("%d mistake%s; nothing was read or changed."):format(#mistakes, #mistakes > 1 and "s" or ""),
  }
end

return bind
