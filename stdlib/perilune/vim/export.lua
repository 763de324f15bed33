--- Making an OVF package of a virtual machine: `vc:export(vm, "directory")`, `vc:export(vm, "box.ova")`.
local ancestry = require "perilune.vim.ancestry"
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local file = require "perilune.c.file"
local lease = require "perilune.vim.lease"
local manifest = require "perilune.vim.manifest"
local names = require "perilune.util.names"
local tar = require "perilune.util.tar"
local task = require "perilune.c.task"
local transfer = require "perilune.vim.transfer"
local wire = require "perilune.vim.wire"

local SPARE = 64 -- bytes that a descriptor may grow by, for each file: digits of sizes that were not known

local export = {}

---@class perilune.vim.ExportOptions
---@field name string?  of the package; without, that of the machine
---@field all boolean?  also what is no disk: mounted images, NVRAM
---@field on_progress fun(done: integer, total: integer?)?

---@class perilune.vim.ExportedFile
---@field name string
---@field size integer
---@field sha256 string

---@class perilune.vim.Exporter  one export
---@field vm userdata
---@field name string
---@field held perilune.vim.Lease
---@field parts { device: table, name: string, result: perilune.vim.Transferred? }[]
---@field private tell fun(done: integer)
local Exporter = {}
Exporter.__index = Exporter

-- What is exported ---------------------------------------------------------------------------------------

local function parts_of(info, name, options)
  local parts = {}
  for _, device in ipairs(info.deviceUrl or {}) do
    if device.disk or options.all then
      local target = device.targetId or device.url:match "[^/]*$"
      parts[#parts + 1] = { device = device, name = ("%s-%s"):format(name, target:gsub("[/\\]", "_")) }
    end
  end
  return parts
end

local function total_of(parts)
  local total = 0
  for _, part in ipairs(parts) do
    total = total + (part.device.fileSize or 0)
  end
  return total > 0 and total or nil
end

--- Tells lease and caller how far the export is. Servers know sizes only roughly before.
local function teller(held, parts, options)
  local total = total_of(parts)
  return function(done)
    for _, part in ipairs(parts) do
      done = done + (part.result and part.result.size or 0)
    end
    held.percent = total and math.min(99, 100 * done // total) or held.percent
    if options.on_progress then options.on_progress(done, total) end
  end
end

--- The descriptor, for the sizes that are known.
function Exporter:descriptor()
  local files = {}
  for i, part in ipairs(self.parts) do
    files[i] = {
      deviceId = part.device.key,
      path = part.name,
      size = part.result and part.result.size or part.device.fileSize or 0,
    }
  end
  local result = self.held.connection.content.ovfManager:CreateDescriptor {
    obj = self.vm,
    cdp = { name = self.name, ovfFiles = files },
  }
  local problem = result.error and result.error[1]
  if problem then
    err.raise {
      code = "vim.fault",
      message = ("the server cannot describe %s: %s"):format(self.name, problem.localizedMessage or "no reason given"),
      fault = problem.fault,
    }
  end
  return result.ovfDescriptor
end

function Exporter:fetch(part)
  return function(headers)
    local response = self.held:request(part.device, { method = "GET", headers = headers })
    if response.status ~= 200 and response.status ~= 206 and response.status ~= 416 then
      local closing <close> = response -- luacheck: ignore 211
      error(wire.status_error(response, "GET " .. part.name), 0)
    end
    return response
  end
end

local function options_of(self)
  return { sha1 = true, sha256 = true, on_progress = self.tell }
end

--- Holds what came against what the server says that it sent.
function Exporter:verify()
  for _, entry in ipairs(self.held.ref:HttpNfcLeaseGetManifest() or {}) do
    for _, part in ipairs(self.parts) do
      local sent = entry.sha1 ~= "" and entry.sha1
      if part.device.key == entry.key and sent and sent:lower() ~= part.result.sha1 then
        err.raise {
          code = "transfer.checksum",
          message = ("%s is not what the server sent: its SHA-1 is %s, not %s"):format(
            part.name, part.result.sha1, sent),
        }
      end
    end
  end
end

function Exporter:manifest(descriptor)
  local lines = { manifest.line(self.name .. ".ovf", digest.sha256(descriptor)) }
  for _, part in ipairs(self.parts) do
    lines[#lines + 1] = manifest.line(part.name, part.result.sha256)
  end
  return table.concat(lines)
end

-- Into a folder ------------------------------------------------------------------------------------------

local function write_file(path, bytes)
  local to <close> = file.open(path .. ".part", "make")
  to:write(bytes)
  to:sync()
  file.rename(path .. ".part", path)
end

--- Removes the files of an export that failed.
local function cleaner(paths)
  return setmetatable({}, {
    __close = function(self)
      for _, path in ipairs(self.is_done and {} or paths) do
        file.remove(path)
        file.remove(path .. ".part")
      end
    end,
  })
end

local function into_folder(self, folder)
  file.mkdir(folder)
  local paths = { ("%s/%s.ovf"):format(folder, self.name), ("%s/%s.mf"):format(folder, self.name) }
  for i, part in ipairs(self.parts) do
    paths[i + 2] = ("%s/%s"):format(folder, part.name)
  end
  local cleaning <close> = cleaner(paths)
  for i, part in ipairs(self.parts) do
    part.result = transfer.receive_file(self:fetch(part), paths[i + 2], part.device.url, options_of(self))
  end
  self:verify()
  local descriptor = self:descriptor()
  write_file(paths[1], descriptor)
  write_file(paths[2], self:manifest(descriptor))
  cleaning.is_done = true
end

-- Into an archive ----------------------------------------------------------------------------------------

local function room_of(size)
  return tar.BLOCK + size + -size % tar.BLOCK
end

local function write_at(to, at, name, bytes, time)
  to:seek(at)
  to:write(tar.header(name, #bytes, time) .. bytes .. tar.padding(#bytes))
end

--- Downloads a disk to its place, and writes its header before it, once its size is known.
local function write_part(self, to, part, at, time)
  local function begin() to:seek(at + tar.BLOCK) end
  begin()
  local sink = { write = function(bytes) to:write(bytes) end, restart = begin }
  part.result = transfer.receive(self:fetch(part), sink, part.name, options_of(self))
  to:write(tar.padding(part.result.size))
  to:seek(at)
  to:write(tar.header(part.name, part.result.size, time))
  return at + room_of(part.result.size)
end

--- The descriptor stands first in an archive, but tells of sizes that are known last: it gets some room, and spaces
--- behind it, which XML allows.
local function into_archive(self, path)
  local cleaning <close> = cleaner { path .. ".part" } -- luacheck: ignore 211
  local to <close> = file.open(path .. ".part", "make")
  local time = math.floor(task.wall())
  local room = #self:descriptor() + SPARE * (1 + #self.parts)
  local manifest_at = room_of(room)
  local manifest_size = #manifest.line(self.name .. ".ovf", ("0"):rep(64))
  for _, part in ipairs(self.parts) do
    manifest_size = manifest_size + #manifest.line(part.name, ("0"):rep(64))
  end
  local at = manifest_at + room_of(manifest_size)
  for _, part in ipairs(self.parts) do
    at = write_part(self, to, part, at, time)
  end
  self:verify()
  local descriptor = self:descriptor()
  if #descriptor > room then
    err.raise { code = "transfer.archive", message = "the descriptor has grown while the disks came" }
  end
  descriptor = descriptor .. (" "):rep(room - #descriptor - 1) .. (#descriptor < room and "\n" or "")
  write_at(to, 0, self.name .. ".ovf", descriptor, time)
  write_at(to, manifest_at, self.name .. ".mf", self:manifest(descriptor), time)
  to:seek(at)
  to:write(tar.FINISH)
  to:truncate(at + #tar.FINISH) -- what an attempt before may have left behind
  to:sync()
  file.rename(path .. ".part", path)
end

-- Both ---------------------------------------------------------------------------------------------------

local function name_of(vm, options)
  return (names.unescape(options.name or vm:get "name"):gsub("[/\\]", "_"))
end

local function files_of(parts)
  local files = {}
  for i, part in ipairs(parts) do
    files[i] = { name = part.name, size = part.result.size, sha256 = part.result.sha256 }
  end
  return files
end

--- Exports a machine that is off, as a folder of files or, where `to` ends in .ova, as one archive. Nothing is left of
--- an export that failed. Waits.
---@param connection perilune.vim.Connection
---@param what userdata|string  the machine, or its name
---@param to string
---@param options perilune.vim.ExportOptions?
---@return perilune.vim.ExportedFile[]  the disks
function export.run(connection, what, to, options)
  options = options or {}
  if type(to) ~= "string" then
    err.raise { code = "argument", message = "export wants to know where to: a folder, or a file that ends in .ova" }
  end
  local vm = ancestry.resolve(connection, "VirtualMachine", what)
  local name = name_of(vm, options)
  return lease.hold(connection, "ExportVm", function() return vm:ExportVm() end, function(held)
    local parts = parts_of(held.info, name, options)
    local self = setmetatable({ vm = vm, name = name, held = held, parts = parts }, Exporter)
    self.tell = teller(held, parts, options)
    local go = to:find "%.ova$" and into_archive or into_folder
    go(self, to)
    return files_of(parts)
  end)
end

return export
