--- Managed objects as a person knows them: kind, name, id, and a few facts of now.
---
--- For whatever number of objects one RetrievePropertiesEx is sent, which also reads the names of what they refer to
--- (the host a machine runs on). Objects that have no name, as managers, ask nothing.
local handle = require "perilune.c.object"
local known = require "perilune.shell.known"
local schema = require "perilune.c.schema"
local text = require "perilune.util.text"
local units = require "perilune.util.units"

local facts = {}

local MIB = 1024 * 1024

local function size(bytes)
  return bytes and units.about_size(bytes)
end

local powers = { poweredOn = "on", poweredOff = "off", suspended = "suspended" }

local function count(n, noun)
  return n and text.count(n, noun)
end

---@class perilune.shell.Facts
---@field paths string[]  what is read
---@field follow { path: string, type: string }|nil  a reference whose name is read too
---@field show fun(row: table, name: string|nil): (string|nil)[]

---@type table<string, perilune.shell.Facts>
local kinds = {
  VirtualMachine = {
    paths = { "runtime.powerState", "config.hardware.numCPU", "config.hardware.memoryMB", "guest.ipAddress" },
    follow = { path = "runtime.host", type = "HostSystem" },
    show = function(row, host)
      local memory = row["config.hardware.memoryMB"]
      local state = row["runtime.powerState"]
      return {
        powers[state] or state, count(row["config.hardware.numCPU"], "cpu"),
        memory and units.format_size(memory * MIB):gsub("(%d)(%a)", "%1 %2"), row["guest.ipAddress"], host,
      }
    end,
  },
  HostSystem = {
    paths = {
      "runtime.connectionState", "runtime.inMaintenanceMode", "summary.hardware.numCpuCores",
      "summary.hardware.memorySize", "summary.config.product.version",
    },
    follow = { path = "parent", type = "ManagedEntity" },
    show = function(row, parent)
      return {
        row["runtime.inMaintenanceMode"] and "maintenance" or row["runtime.connectionState"],
        count(row["summary.hardware.numCpuCores"], "core"), size(row["summary.hardware.memorySize"]),
        row["summary.config.product.version"], parent,
      }
    end,
  },
  Datastore = {
    paths = { "summary.type", "summary.freeSpace", "summary.capacity", "summary.accessible" },
    show = function(row)
      local free, all = size(row["summary.freeSpace"]), size(row["summary.capacity"])
      return {
        row["summary.accessible"] == false and "not accessible" or nil, row["summary.type"],
        free and all and ("%s free of %s"):format(free, all),
      }
    end,
  },
  ComputeResource = {
    paths = { "summary.numHosts", "summary.numCpuCores", "summary.totalMemory" },
    show = function(row)
      return {
        count(row["summary.numHosts"], "host"), count(row["summary.numCpuCores"], "core"),
        size(row["summary.totalMemory"]),
      }
    end,
  },
  Task = {
    paths = { "info.state", "info.progress", "info.descriptionId", "info.entityName" },
    show = function(row)
      local percent = row["info.state"] == "running" and row["info.progress"]
      return { row["info.descriptionId"], row["info.entityName"], row["info.state"], percent and percent .. " %" }
    end,
  },
}

local plain = { paths = {}, show = function() return {} end }

local function kind_of(type_name)
  for name, kind in pairs(kinds) do
    if schema.is_a(type_name, name) then return kind end
  end
  return plain
end

local function paths_of(type_name)
  local kind = kind_of(type_name)
  local paths = { table.unpack(kind.paths) }
  if schema.property(type_name, "name") then table.insert(paths, 1, "name") end
  if kind.follow then paths[#paths + 1] = kind.follow.path end
  return paths, kind
end

--- The filter that reads the facts of objects of one type.
local function spec_of(type_name, objects)
  local paths, kind = paths_of(type_name)
  if #paths == 0 then return nil end
  local set, follow = {}, kind.follow
  for i, ref in ipairs(objects) do
    set[i] = { obj = ref, selectSet = follow and { {
      _typeName = "TraversalSpec", type = type_name, path = follow.path, skip = false,
    } } or nil }
  end
  local props = { { type = type_name, pathSet = paths } }
  if follow and follow.type ~= type_name then props[2] = { type = follow.type, pathSet = { "name" } } end
  return { propSet = props, objectSet = set }
end

local function specs_of(objects)
  local by_type, specs, names = {}, {}, {}
  for _, ref in ipairs(objects) do
    local name = handle.type(ref)
    if not by_type[name] then
      by_type[name] = {}
      names[#names + 1] = name
    end
    table.insert(by_type[name], ref)
  end
  for _, name in ipairs(names) do specs[#specs + 1] = spec_of(name, by_type[name]) end
  return specs
end

--- What is known of objects: object → kind, name, id and facts as texts. One request, or none where nothing can be
--- read. An object that is gone has `is_gone`.
---@param vc perilune.vim.Connection
---@param objects userdata[]
---@return table<userdata, { type: string, name: string|nil, id: string, facts: string[], is_gone: boolean|nil }>
function facts.of(vc, objects)
  local rows, found, specs = {}, {}, specs_of(objects)
  if #specs > 0 then
    for _, row in ipairs(vc:retrieve { spec_set = specs }) do rows[row.ref] = row end
  end
  for _, ref in ipairs(objects) do
    local row, paths, kind = rows[ref], paths_of(handle.type(ref))
    local entry = { type = handle.type(ref), id = handle.id(ref), facts = {} }
    if row then
      local followed = kind.follow and rows[row[kind.follow.path]]
      local list = kind.show(row, followed and followed.name)
      for i = 1, 8 do entry.facts[#entry.facts + 1] = list[i] and text.visible(list[i]) end
      entry.name = row.name and text.visible(row.name)
      known.learn(ref, row.name)
    end
    entry.is_gone = not row and #paths > 0
    found[ref] = entry
  end
  return found
end

return facts
