--- The credentials of a connection: SOAP and REST log in with the same ones, so they share who may try.
---
--- One login at a time, and none after the server refused one: a password that is wrong, or has become wrong
--- meanwhile, is sent once, whoever needs it. Accounts get locked.
local err = require "perilune.err"
local retry = require "perilune.vim.retry"
local semaphore = require "perilune.util.semaphore"

local LOSSES = 3 -- logins in a row whose answer was lost, after which none is sent: each may have been a failed one

---@class perilune.vim.Account
---@field private turn perilune.util.Semaphore
---@field private refused perilune.Error?  why there is no further try
---@field private losses integer  logins in a row whose answer was lost
local Account = {}
Account.__index = Account

local account = {}

---@return perilune.vim.Account
function account.new()
  return setmetatable({ turn = semaphore.new(1), losses = 0 }, Account)
end

--- Notes a login that failed. One whose answer was lost may have been refused, which counts where accounts get locked.
local function note(self, e)
  if err.has(e, "vim.login") then
    self.refused = e
  elseif retry.kind(e, true) == "lost" then
    self.losses = self.losses + 1
  end
  if self.losses < LOSSES then
    return
  end
  self.refused = self.refused or err.new {
    code = "vim.login",
    message = ("the answer to %d logins was lost; no further is sent (accounts get locked)"):format(self.losses),
    hint = "look at what is between here and the server, then start again",
    cause = e,
  }
end

local function try(self, login)
  if self.refused then
    error(self.refused, 0)
  end
  local ok, result = xpcall(login, err.wrap)
  if not ok then
    note(self, result)
    error(result, 0)
  end
  self.losses = 0
  return result
end

--- Calls login() when nobody else is at it. Raises what refused a login before.
---@param login fun(): any
---@return any  what it returned
function Account:try(login)
  return self.turn:with(try, self, login)
end

return account
