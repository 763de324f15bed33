--- Rows one by one that survive a lost connection and a lost session.
---
--- What follows of a retrieval is lost with the connection, or with the session that it belongs to. It is begun
--- anew then, and the rows that were handed out before are left out, by how often each object was.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"

local resume = {}

local RENEWALS = 3 -- sessions that may end under one retrieval

---@class perilune.vim.Resumed
---@field private connection perilune.vim.Connection
---@field private open fun(): perilune.vim.Reader
---@field private reader perilune.vim.Reader
---@field private tried perilune.vim.Tried  what failed so far
---@field private renewals integer
---@field private handed table<userdata, integer>  rows of each object that were handed out
---@field private skipped table<userdata, integer>?  of these, what has come again; nil: nothing failed yet
local Resumed = {}
Resumed.__index = Resumed

---@param connection perilune.vim.Connection
---@param open fun(): perilune.vim.Reader  begins the retrieval; does not wait
---@return perilune.vim.Resumed
function resume.new(connection, open)
  return setmetatable({
    connection = connection,
    open = open,
    reader = open(),
    tried = connection.retrying:begin(true),
    renewals = 0,
    handed = {},
  }, Resumed)
end

--- Begins anew after an error, or raises it. Waits.
local function recover(self, e)
  local generation = self.reader.generation
  self.reader:close()
  if not fault.is(e.fault, "NotAuthenticated") then
    self.connection.retrying:after(self.tried, e)
  elseif self.renewals >= RENEWALS then
    error(e, 0)
  else
    self.renewals = self.renewals + 1
    if generation then
      self.connection.session:forget(generation)
    end
  end
  self.reader, self.skipped = self.open(), {}
end

local function was_handed(self, ref)
  local skipped = self.skipped
  local again = skipped and (skipped[ref] or 0) + 1
  if not again or again > (self.handed[ref] or 0) then
    return false
  end
  skipped[ref] = again
  return true
end

--- The next row, or nil after the last. Waits.
---@return perilune.vim.Row?
function Resumed:next()
  while true do
    local ok, row = xpcall(self.reader.next, err.wrap, self.reader)
    if not ok then
      recover(self, row)
    elseif not row then
      return nil
    elseif not was_handed(self, row.ref) then
      local handed, skipped = self.handed, self.skipped
      handed[row.ref] = (handed[row.ref] or 0) + 1
      if skipped then
        skipped[row.ref] = handed[row.ref]
      end
      return row
    end
  end
end

--- Frees what the server still keeps. May be called at any time and often.
function Resumed:close()
  self.reader:close()
end

Resumed.__close = Resumed.close

return resume
