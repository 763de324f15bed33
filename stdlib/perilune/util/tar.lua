--- Archives of tar, read as a stream, and the headers to write one: what an OVA is made of.
---
--- ustar, with what GNU and POSIX add for long names and large files. Sizes are in bytes.
local err = require "perilune.err"

local BLOCK = 512
local EXTRA_MAX = 1024 * 1024 -- of a long name or a list of attributes; none comes near

local tar = {}

local function fail(format, ...)
  err.raise { code = "transfer.archive", message = "not a usable tar archive: " .. format:format(...) }
end

-- Bytes --------------------------------------------------------------------------------------------------

--- A reader of exactly as many bytes as are asked for, over one that gives what it has.
local function buffered(read)
  local self = { rest = "" }

  --- Up to n bytes; nil at the end.
  function self.some(n)
    if self.rest == "" then
      self.rest = read() or ""
    end
    if self.rest == "" then
      return nil
    end
    local bytes = #self.rest <= n and self.rest or self.rest:sub(1, n)
    self.rest = #self.rest <= n and "" or self.rest:sub(n + 1)
    return bytes
  end

  --- n bytes, or fewer where the end is before.
  function self.all(n)
    local pieces, left = {}, n
    while left > 0 do
      local bytes = self.some(left)
      if not bytes then break end
      pieces[#pieces + 1], left = bytes, left - #bytes
    end
    return table.concat(pieces)
  end

  return self
end

-- Headers ------------------------------------------------------------------------------------------------

local function text_at(header, first, length)
  return (header:sub(first, first + length - 1):match "^[^\0]*")
end

--- A number in octal, or in binary where its first bit is set.
local function number_at(header, first, length)
  local field = header:sub(first, first + length - 1)
  if field:byte() & 0x80 == 0 then
    return tonumber(field:match "^[ ]*([0-7]*)", 8) or 0
  end
  local value = field:byte() & 0x3f
  for i = 2, length do
    value = value << 8 | field:byte(i)
  end
  return value
end

local function check_sum(header)
  local sum = 8 * 32 -- the sum's own field counts as spaces
  for i = 1, BLOCK do
    if i < 149 or i > 156 then
      sum = sum + header:byte(i)
    end
  end
  if sum ~= number_at(header, 149, 8) then
    fail "a header has a wrong checksum"
  end
end

local function name_of(header)
  local name, prefix = text_at(header, 1, 100), text_at(header, 346, 155)
  return header:sub(258, 262) == "ustar" and prefix ~= "" and prefix .. "/" .. name or name
end

--- The attributes of an extended header: lines of "length key=value\n".
local function attributes_of(text)
  local attributes = {}
  local at = 1
  while at <= #text do
    local length, key = text:match("^(%d+) ([^=]+)=", at)
    if not length or tonumber(length) < 5 then break end
    local line = text:sub(at, at + math.tointeger(length) - 1)
    attributes[key] = line:match "^%d+ [^=]+=(.*)\n$"
    at = at + #line
  end
  return attributes
end

-- Reading ------------------------------------------------------------------------------------------------

---@class perilune.util.TarFile
---@field name string
---@field size integer

---@class perilune.util.TarReader
---@field private bytes table
---@field private left integer  of the present file
---@field private padding integer  behind it
local Reader = {}
Reader.__index = Reader

local function skip(self, n)
  while n > 0 do
    local bytes = self.bytes.some(n)
    if not bytes then fail "it ends in the middle" end
    n = n - #bytes
  end
end

local function extra(self, size)
  if size > EXTRA_MAX then fail("a header of %d bytes", size) end
  local text = self.bytes.all(size)
  skip(self, -size % BLOCK)
  return text
end

--- The next header; what stands before a file and says more about it is laid over it.
local function next_header(self)
  local more = {}
  while true do
    local header = self.bytes.all(BLOCK)
    if #header == 0 or header == ("\0"):rep(BLOCK) then return nil end
    if #header < BLOCK then fail "it ends in the middle of a header" end
    check_sum(header)
    local kind, size = header:sub(157, 157), number_at(header, 125, 12)
    if kind == "L" then
      more.path = extra(self, size):match "^[^\0]*"
    elseif kind == "x" or kind == "g" then
      for key, value in pairs(attributes_of(extra(self, size))) do more[key] = value end
    else
      return more.path or name_of(header), kind, math.tointeger(tonumber(more.size)) or size
    end
  end
end

--- The next file, after what is left of the present one; nil at the end. Folders and links are passed over.
---@return perilune.util.TarFile?
function Reader:next()
  skip(self, self.left + self.padding)
  self.left, self.padding = 0, 0
  local name, kind, size = next_header(self)
  if not name then return nil end
  self.left, self.padding = size, -size % BLOCK
  if kind ~= "0" and kind ~= "\0" and kind ~= "7" then
    return self:next()
  end
  return { name = name, size = size }
end

--- The next bytes of the present file; nil at its end.
---@return string?
function Reader:read()
  if self.left == 0 then return nil end
  local bytes = self.bytes.some(self.left)
  if not bytes then fail "it ends in the middle of a file" end
  self.left = self.left - #bytes
  return bytes
end

--- A reader of an archive.
---@param read fun(): string?  gives its bytes, piece by piece, then nil
---@return perilune.util.TarReader
function tar.reader(read)
  return setmetatable({ bytes = buffered(read), left = 0, padding = 0 }, Reader)
end

-- Writing ------------------------------------------------------------------------------------------------

local OCTAL_MAX = 8 ^ 11

local function size_field(size)
  if size < OCTAL_MAX then
    return ("%011o\0"):format(size)
  end
  return "\x80" .. ("\0"):rep(3) .. string.pack(">I8", size)
end

--- The header of a file.
---@param name string  up to 100 bytes
---@param size integer
---@param time integer  seconds since 1970
---@return string  512 bytes
function tar.header(name, size, time)
  if #name > 100 then
    err.raise { code = "transfer.archive", message = ("a name in an archive is too long: %s"):format(name) }
  end
  local before = name .. ("\0"):rep(100 - #name) .. "0000644\0" .. "0000000\0" .. "0000000\0"
    .. size_field(size) .. ("%011o\0"):format(time)
  local after = "0" .. ("\0"):rep(100) .. "ustar\00000" .. ("\0"):rep(BLOCK - 265)
  local sum = 8 * 32
  for i = 1, #before do sum = sum + before:byte(i) end
  for i = 1, #after do sum = sum + after:byte(i) end
  return before .. ("%06o\0 "):format(sum) .. after
end

--- The zeros behind a file of a size.
---@param size integer
---@return string
function tar.padding(size)
  return ("\0"):rep(-size % BLOCK)
end

--- What ends an archive.
tar.FINISH = ("\0"):rep(2 * BLOCK)
tar.BLOCK = BLOCK

return tar
