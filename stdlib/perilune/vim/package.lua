--- An OVF package that is read: a descriptor with its files beside it, or an OVA, which is a tar of these. Both may be
--- on this machine or behind a URL, and are streamed: nothing is unpacked.
---
--- What the manifest says of the files is held against what came. In an OVA it may stand behind the files, so `verify`
--- is the last step.
local err = require "perilune.err"
local file = require "perilune.c.file"
local http = require "perilune.c.http"
local manifest = require "perilune.vim.manifest"
local tar = require "perilune.util.tar"
local wire = require "perilune.vim.wire"

local DESCRIPTOR_MAX = 64 * 1024 * 1024 -- bytes; the largest known have some hundred KB

local package = {}

---@class perilune.vim.PackageFile
---@field name string
---@field size integer?
---@field read fun(): string?
---@field sums { sha1: boolean?, sha256: boolean? }  which checksums to compute

---@class perilune.vim.Package
---@field name string  of the descriptor
---@field text string  the descriptor
---@field private from string
---@field private options table
---@field private stream table?  of an OVA
---@field private archive perilune.util.TarReader?
---@field private pool userdata?
---@field private entries table<string, perilune.vim.ManifestEntry>?
---@field private seen table<string, perilune.vim.Transferred>
local Package = {}
Package.__index = Package

local function refuse(format, ...)
  err.raise { code = "transfer.archive", message = format:format(...) }
end

-- Bytes --------------------------------------------------------------------------------------------------

local function is_url(from)
  return from:find "^https?://" ~= nil
end

local function fetch(self, url)
  self.pool = self.pool or http.pool(self.options.http or {})
  local response = self.pool:request { url = url, headers = { ["Accept-Encoding"] = "identity" } }
  if response.status == 200 then
    return {
      size = math.tointeger((response:header "Content-Length")),
      read = function() return response:read() end,
      close = function() response:close() end,
    }
  end
  local closing <close> = response -- luacheck: ignore 211
  if response.status ~= 404 then
    error(wire.status_error(response, "GET " .. url), 0)
  end
end

--- Opens a file or URL; nil if there is nothing.
local function open(self, from)
  local stream
  if is_url(from) then
    stream = fetch(self, from)
  else
    local facts = file.stat(from)
    if facts and not facts.is_folder then
      local handle = file.open(from)
      stream = {
        size = facts.size,
        read = function() return handle:read() end,
        close = function() handle:close() end,
      }
    end
  end
  return stream and setmetatable(stream, { __close = stream.close })
end

local function open_or_refuse(self, from)
  return open(self, from) or err.raise { code = "io", message = ("there is no file %s"):format(from) }
end

local function whole(read, name)
  local pieces, size = {}, 0
  local bytes = read()
  while bytes do
    pieces[#pieces + 1], size = bytes, size + #bytes
    if size > DESCRIPTOR_MAX then refuse("%s is larger than %d bytes", name, DESCRIPTOR_MAX) end
    bytes = read()
  end
  return table.concat(pieces)
end

-- Opening ------------------------------------------------------------------------------------------------

local function base_name(from)
  return (from:gsub("[?#].*$", ""):match "[^/]*$")
end

local function open_archive(self)
  self.stream = open_or_refuse(self, self.from)
  self.archive = tar.reader(self.stream.read)
  local first = self.archive:next()
  if not first or not first.name:find "%.ovf$" then
    refuse("%s does not begin with a descriptor, as an OVA does", self.from)
  end
  self.name = first.name
  self.text = whole(function() return self.archive:read() end, first.name)
end

local function open_folder(self)
  local stream <close> = open_or_refuse(self, self.from)
  self.name = base_name(self.from)
  self.text = whole(stream.read, self.from)
  local beside, found = self.from:gsub("%.ovf$", ".mf")
  local sums <close> = found == 1 and self.options.verify ~= false and open(self, beside) or nil
  if sums then
    self.entries = manifest.parse(whole(sums.read, beside))
  end
end

--- Opens a package; the caller closes it.
---@param from string  a path or URL that ends in .ova or .ovf
---@param options { verify: boolean?, http: table? }  verify = false: not to look at the manifest; http: how to reach a
---  URL (of http.pool: ca_file, thumbprints, proxy…)
---@return perilune.vim.Package
function package.open(from, options)
  local self = setmetatable({ from = from, options = options, seen = {} }, Package)
  local kind = base_name(from):match "%.([^.]*)$"
  if kind ~= "ova" and kind ~= "ovf" then
    err.raise { code = "argument", message = ("%s is neither an .ovf nor an .ova"):format(from) }
  end
  local ok, e = xpcall(kind == "ova" and open_archive or open_folder, err.wrap, self)
  if not ok then
    self:close()
    error(e, 0)
  end
  return self
end

function Package:close()
  if self.stream then self.stream.close() end
  if self.pool then self.pool:close() end
end

Package.__close = Package.close

-- Files --------------------------------------------------------------------------------------------------

--- Which checksums of a file are needed. An OVA's manifest may still come: then any of them.
local function sums_of(self, name)
  if self.options.verify == false then
    return {}
  elseif self.entries then
    local entry = self.entries[name]
    return entry and { [entry.kind] = true } or {}
  end
  return self.archive and { sha1 = true, sha256 = true } or {}
end

--- A descriptor names files beside it; one from elsewhere must not make us send others of this machine.
local function check_name(name)
  if name:find "^/" or name:find("\\", 1, true) or ("/" .. name .. "/"):find("/../", 1, true) or name:find "^%a+:" then
    refuse("the descriptor names a file that is not beside it: %s", name)
  end
end

local function each_beside(self, wanted, fn)
  local folder = self.from:match "^(.*/)[^/]*$" or ""
  for _, name in ipairs(wanted) do
    check_name(name)
    local stream <close> = open_or_refuse(self, folder .. name)
    self.seen[name] = fn { name = name, size = stream.size, read = stream.read, sums = sums_of(self, name) }
  end
end

local function each_in_archive(self, wanted, fn)
  local is_wanted = {}
  for _, name in ipairs(wanted) do is_wanted[name] = true end
  local function read() return self.archive:read() end
  for entry in self.archive.next, self.archive do
    if entry.name:find "%.mf$" and self.options.verify ~= false then
      self.entries = manifest.parse(whole(read, entry.name))
    elseif is_wanted[entry.name] then
      is_wanted[entry.name] = nil
      self.seen[entry.name] = fn { name = entry.name, size = entry.size, read = read, sums = sums_of(self, entry.name) }
    end
  end
  local missing = next(is_wanted)
  if missing then refuse("%s has no file %s, which its descriptor names", self.from, missing) end
end

--- Calls fn for each of the wanted files, in the order in which they can be read; fn reads the file to its end and
--- returns what it measured.
---@param wanted string[]
---@param fn fun(file: perilune.vim.PackageFile): perilune.vim.Transferred
function Package:each(wanted, fn)
  local go = self.archive and each_in_archive or each_beside
  go(self, wanted, fn)
end

--- Holds all that was read against the manifest. Raises transfer.checksum.
---@param digest table  perilune.c.digest
---@return boolean  whether there is a manifest
function Package:verify(digest)
  if not self.entries then
    return false
  end
  local entry = self.entries[self.name]
  self.seen[self.name] = entry and { [entry.kind] = digest[entry.kind](self.text) } or {}
  for name, seen in pairs(self.seen) do
    entry = self.entries[name]
    if not entry then
      err.raise { code = "transfer.checksum", message = ("the manifest has no checksum of %s"):format(name) }
    elseif entry.sum ~= seen[entry.kind] then
      err.raise {
        code = "transfer.checksum",
        message = ("%s is not what the manifest says: its %s is %s, not %s"):format(
          name, entry.kind:upper(), seen[entry.kind], entry.sum),
      }
    end
  end
  return true
end

return package
