--- Making a virtual machine of an OVF package: `vc:import { from = "box.ova", name = "box", … }`.
local ancestry = require "perilune.vim.ancestry"
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local handle = require "perilune.c.object"
local lease = require "perilune.vim.lease"
local package = require "perilune.vim.package"
local schema = require "perilune.c.schema"
local transfer = require "perilune.vim.transfer"
local wire = require "perilune.vim.wire"

local DISK = 17 -- the type of disks in CIM

local import = {}

---@class perilune.vim.ImportOptions
---@field from string  path or URL of an .ova or .ovf
---@field datastore userdata|string|perilune.vim.Datastore
---@field pool userdata|string|nil  resource pool; or a cluster or host for its own
---@field cluster userdata|string|nil  instead of pool
---@field name string?  of the new machine; without, that of the package's file
---@field folder userdata|string|nil  without, that of the datacenter
---@field host userdata|string|nil
---@field networks table<string, userdata|string>?  name in the package → network
---@field properties table<string, string>?  of the package, for its software
---@field disks string?  "thin", "thick", "eagerZeroedThick"…
---@field deployment string?  which of the package's configurations
---@field verify boolean?  false: not to look at the manifest
---@field http table?  how to reach a URL: ca_file, thumbprints, proxy…
---@field on_progress fun(done: integer, total: integer?)?

---@class perilune.vim.ImportReport
---@field size integer  bytes sent
---@field verified boolean  there was a manifest, and all is as it says
---@field warnings string[]  of the server

-- Where to -----------------------------------------------------------------------------------------------

local function pool_of(connection, options)
  local what = options.pool or options.cluster
  if type(what) == "string" then
    what = connection:find_one { type = options.pool and "ResourcePool" or "ComputeResource", name = what }
  elseif not handle.is(what) then
    err.raise { code = "argument", message = "import wants to know where to: pool = … or cluster = …" }
  end
  if schema.is_a(handle.type(what), "HostSystem") then
    what = what:get "parent"
  end
  return schema.is_a(handle.type(what), "ComputeResource") and what:get "resourcePool" or what
end

local function datastore_of(connection, options)
  local what = options.datastore
  return ancestry.resolve(connection, "Datastore", type(what) == "table" and what.ref or what)
end

local function folder_of(connection, options, pool)
  if options.folder then
    return ancestry.resolve(connection, "Folder", options.folder)
  end
  return ancestry.of(connection, pool).datacenter:get "vmFolder"
end

local function networks_of(connection, options)
  local list = {}
  for name, network in pairs(options.networks or {}) do
    list[#list + 1] = { name = name, network = ancestry.resolve(connection, "Network", network) }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

local function properties_of(options)
  local list = {}
  for key, value in pairs(options.properties or {}) do
    list[#list + 1] = { key = key, value = tostring(value) }
  end
  table.sort(list, function(a, b) return a.key < b.key end)
  return list
end

-- What the server makes of it ----------------------------------------------------------------------------

local function texts_of(problems)
  local texts = {}
  for i, problem in ipairs(problems or {}) do
    texts[i] = fault.error(problem).server or fault.error(problem).message
  end
  return texts
end

local function name_of(options)
  return options.name or (options.from:gsub("[?#].*$", ""):match "([^/]*)%.%w+$")
end

--- The specification that the server makes of the descriptor; what it objects to is raised.
local function specify(connection, options, source, place)
  local result = connection.content.ovfManager:CreateImportSpec {
    ovfDescriptor = source.text,
    resourcePool = place.pool,
    datastore = place.datastore,
    cisp = {
      locale = "",
      deploymentOption = options.deployment or "",
      entityName = name_of(options),
      hostSystem = place.host,
      networkMapping = networks_of(connection, options),
      propertyMapping = properties_of(options),
      diskProvisioning = options.disks,
    },
  }
  if result.error and #result.error > 0 then
    local e = fault.error(result.error[1], nil, { method = "CreateImportSpec" })
    e.message = ("%s cannot be imported: %s"):format(options.from, e.message)
    e.detail = table.concat(texts_of(result.error), "\n")
    error(e, 0)
  end
  return result
end

-- Sending ------------------------------------------------------------------------------------------------

--- Which device takes which file.
local function devices_of(info, items)
  local devices, wanted, by_path = {}, {}, {}
  for _, device in ipairs(info.deviceUrl or {}) do
    devices[device.importKey] = device
  end
  for i, item in ipairs(items) do
    if not devices[item.deviceId] then
      err.raise { code = "vim.not_found", message = ("the server takes no file for %s"):format(item.deviceId) }
    end
    wanted[i], by_path[item.path] = item.path, { item = item, device = devices[item.deviceId] }
  end
  return wanted, by_path
end

local function headers_of(item)
  local is_disk = item.cimType == DISK
  return {
    ["Content-Type"] = is_disk and "application/x-vnd.vmware-streamVmdk" or "application/octet-stream",
    ["Overwrite"] = "t",
  }
end

local function send_file(held, to, part, on_progress)
  return transfer.send(function(body, length)
    local verb = to.item.create and "PUT" or "POST"
    local request = { method = verb, headers = headers_of(to.item), body = body, body_length = length }
    local response = held:request(to.device, request)
    if response.status < 200 or response.status > 299 then
      local closing <close> = response -- luacheck: ignore 211
      error(wire.status_error(response, ("%s %s"):format(verb, part.name)), 0)
    end
    return response
  end, transfer.source(part), { on_progress = on_progress, sha1 = part.sums.sha1, sha256 = part.sums.sha256 })
end

local function total_of(items)
  local total = 0
  for _, item in ipairs(items) do
    if not item.size then return nil end
    total = total + item.size
  end
  return total
end

local function send_all(held, source, items, options)
  local wanted, by_path = devices_of(held.info, items)
  local total, before = total_of(items), 0
  local function tell(done)
    held.percent = total and total > 0 and math.min(99, 100 * (before + done) // total) or held.percent
    if options.on_progress then options.on_progress(before + done, total) end
  end
  source:each(wanted, function(part)
    local result = send_file(held, by_path[part.name], part, tell)
    before = before + result.size
    return result
  end)
  return before
end

local function check_options(options)
  if type(options) ~= "table" or type(options.from) ~= "string" or not options.datastore then
    err.raise {
      code = "argument",
      message = "import wants to know what, and where to",
      hint = 'write vc:import { from = "box.ova", name = "box", pool = …, datastore = … }',
    }
  end
end

--- Imports a package. Until all of it has come and was checked there is no machine: whatever fails, the server takes
--- back what was made. Waits.
---@param connection perilune.vim.Connection
---@param options perilune.vim.ImportOptions
---@return userdata vm
---@return perilune.vim.ImportReport report
function import.run(connection, options)
  check_options(options)
  local source <close> = package.open(options.from, options)
  local place = { pool = pool_of(connection, options), datastore = datastore_of(connection, options) }
  place.host = options.host and ancestry.resolve(connection, "HostSystem", options.host)
  local folder = folder_of(connection, options, place.pool)
  local result = specify(connection, options, source, place)
  local report = { warnings = texts_of(result.warning) }
  local function make()
    return place.pool:ImportVApp { spec = result.importSpec, folder = folder, host = place.host }
  end
  return lease.hold(connection, "ImportVApp", make, function(held)
    report.size = send_all(held, source, result.fileItem or {}, options)
    report.verified = source:verify(digest)
    return held.info.entity, report
  end)
end

return import
