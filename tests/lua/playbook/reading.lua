--- What the playbook specs share: kinds to declare, and reading a playbook from a text.
local playbook = require "perilune.playbook"
local schema = require "perilune.schema"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local reading = {}

local function looked_up(name, attributes)
  return { name = name, attributes = attributes or {} }
end

local disk = schema.record { size = schema.size("GiB"):required(), thin = schema.boolean():default(true) }
local nic = schema.record {
  network = schema.ref { "network", "portgroup" },
  type = schema.string(),
}:check(function(value)
  if not value.network then return "needs a network" end
end)

local kinds = {
  cluster = looked_up("cluster", {
    hosts = { kind = "host", list = true },
    pool = { kind = "resource_pool" },
    note = {},
  }),
  host = looked_up("host", { datastores = { kind = "datastore", list = true }, version = {} }),
  datastore = looked_up "datastore",
  network = looked_up "network",
  resource_pool = looked_up "resource_pool",
  folder = {
    name = "folder",
    attributes = {},
    fields = schema.record { path = schema.string():required(), parent = schema.ref "folder" },
    alias = function(fields) return fields.path end,
  },
  portgroup = {
    name = "portgroup",
    attributes = {},
    fields = schema.record { hosts = schema.list(schema.ref "host"), vlan = schema.integer(0, 4095) },
  },
  vm = {
    name = "vm",
    attributes = { ip = {}, host = { kind = "host" } },
    scope = function(fields) return tostring(fields.folder) end,
    fields = schema.record {
      folder = schema.ref "folder",
      pool = schema.ref "resource_pool",
      cpus = schema.integer(1, 64):default(1),
      memory = schema.size("MiB"):default(1 << 30),
      disks = schema.list(disk):default {},
      nics = schema.list(nic),
      annotation = schema.string(),
      power = schema.enum { "on", "off" },
      extra = schema.map(schema.string()),
    },
  },
}
reading.kinds = kinds

--- Writes files into a directory of the test's own.
---@param files table<string, string>
---@return string directory
function reading.files(files)
  local directory = t.tmpdir()
  for name, text in pairs(files) do
    local file = assert(io.open(directory .. "/" .. name, "wb"))
    file:write(text)
    file:close()
  end
  return directory
end

--- Reads the text as a playbook.
---@param text string
---@param options table|nil
function reading.load(text, options)
  options = options or {}
  options.kinds = kinds
  return playbook.load(reading.files({ ["book.lua"] = text }) .. "/book.lua", options)
end

--- The one mistake of a text, which must have the code.
function reading.mistake(text, code, options)
  local e = t.raises(function() reading.load(text, options) end, code)
  t.match(e.where.file, "book.lua")
  return e
end

--- All mistakes of a text as "line: message; hint", in order; its directory is called DIR.
---@return string[]
function reading.mistakes(text, options)
  local e = t.raises(function() reading.load(text, options) end)
  local lines = {}
  for i, mistake in ipairs(e.mistakes or { e }) do
    local hint = mistake.hint and "; " .. mistake.hint or ""
    local line = mistake.where and mistake.where.line or "-"
    lines[i] = ("%s: %s%s"):format(line, mistake.message, hint):gsub("/[%w/._-]+/book%.lua", "DIR/book.lua")
  end
  return lines
end

--- What a place marks in the text: the words under the carets.
function reading.marked(text, where)
  local line, number = nil, 0
  for each in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    if number == where.line then line = each end
  end
  return where.column and line:sub(where.column, where.column + where.length - 1)
end

local function host(name)
  return { kind = kinds.host, name = name, entry = { path = "/DC0/host/C/" .. name } }
end

local LIVE = {
  cluster = {
    hosts = { host "esx-1", host "esx-2" },
    pool = { kind = kinds.resource_pool, name = "Resources", entry = { path = "/DC0/host/C/Resources" } },
    note = "production",
  },
  host = {
    datastores = { { kind = kinds.datastore, name = "ds-1", entry = { path = "/DC0/datastore/ds-1" } } },
    version = "8.0.3",
  },
}

--- A resolver that knows a cluster of two hosts, and records what it was asked.
---@return fun(lookups: table[]) resolve
---@return table[][] asked
function reading.server()
  local asked = {}
  return function(lookups)
    asked[#asked + 1] = lookups
    task.sleep(0)
    for _, lookup in ipairs(lookups) do
      local values = LIVE[lookup.kind.name]
      lookup.value = values and function(key) return values[key] end
    end
  end, asked
end

return reading
