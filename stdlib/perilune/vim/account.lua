--- The credentials of a connection: SOAP and REST log in with the same ones, so they share who may try.
---
--- One login at a time, and none after the server refused one: a password that is wrong, or has become wrong
--- meanwhile, is sent once, whoever needs it. Accounts get locked.
local err = require "perilune.err"
local semaphore = require "perilune.util.semaphore"

---@class perilune.vim.Account
---@field private turn perilune.util.Semaphore
---@field private refused perilune.Error?  why there is no further try
local Account = {}
Account.__index = Account

local account = {}

---@return perilune.vim.Account
function account.new()
  return setmetatable({ turn = semaphore.new(1) }, Account)
end

local function try(self, login)
  if self.refused then
    error(self.refused, 0)
  end
  local ok, result = xpcall(login, err.wrap)
  if ok then
    return result
  elseif err.has(result, "vim.login") then
    self.refused = result
  end
  error(result, 0)
end

--- Calls login() when nobody else is at it. Raises what refused a login before.
---@param login fun(): any
---@return any  what it returned
function Account:try(login)
  return self.turn:with(try, self, login)
end

return account
