--- One login shared by all tasks of a connection, for SOAP and for REST alike.
---
--- However many tasks find that the server forgot the session, one login renews it and all go on with
--- that one. A login that the server refused is never tried again (account.lua). The login runs in a task
--- of its own: who asked for it may be cancelled, and neither the others nor the server's session suffer.
local account = require "perilune.vim.account"
local err = require "perilune.err"
local promise = require "perilune.util.promise"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local LOGOUT_SECONDS = 5

---@class perilune.vim.Session
---@field logins integer  how many succeeded
---@field private login fun(): any  logs in, returns what requests carry from then on
---@field private logout fun(token: any)
---@field private token any  nil while logged out
---@field private generation integer  number of the login that gave the token
---@field private flight perilune.util.Promise?  the login that is under way
---@field private account perilune.vim.Account
---@field private closed boolean
local Session = {}
Session.__index = Session

local session = {}

--- A session that is not logged in yet.
---@param login fun(): any
---@param logout fun(token: any)
---@param credentials perilune.vim.Account?  shared with another session; without, its own
---@return perilune.vim.Session
function session.new(login, logout, credentials)
  return setmetatable({
    login = login,
    logout = logout,
    account = credentials or account.new(),
    generation = 0,
    logins = 0,
    closed = false,
  }, Session)
end

local function fly(self, flight)
  local ok, result = xpcall(self.account.try, err.wrap, self.account, self.login)
  self.flight = nil
  if ok then
    self.token, self.generation, self.logins = result, self.generation + 1, self.logins + 1
    flight:resolve()
  else
    flight:reject(result)
  end
end

local function log_in(self)
  if not self.flight then
    self.flight = promise.new()
    task.spawn(fly, self, self.flight)
  end
  self.flight:await()
end

local function check_open(self)
  if self.closed then
    err.raise { code = "vim.session", message = "the connection is closed" }
  end
end

--- What requests carry, and the number of the login it is from. Logs in where that is needed. Waits.
---@return any token
---@return integer generation
function Session:ready()
  check_open(self)
  if self.token == nil then
    log_in(self)
    check_open(self)
  end
  return self.token, self.generation
end

--- To be called when the server no longer knows the session of a login: the next `ready` logs in again,
--- unless another task has seen to that meanwhile.
---@param generation integer  of the login that the server forgot
function Session:forget(generation)
  if self.generation == generation then
    self.token = nil
  end
end

--- Replaces what requests carry: the server sent a new cookie in an answer to that login's request.
---@param token any
---@param generation integer
function Session:replace(token, generation)
  if self.generation == generation and self.token ~= nil then
    self.token = token
  end
end

---@return boolean
function Session:is_open()
  return self.token ~= nil
end

--- Ends the session on the server, under a deadline of its own; also waits for a login under way,
--- which would leave one otherwise. Never raises; returns what went wrong.
---@return any problem
function Session:close()
  if self.closed then
    return nil
  end
  self.closed = true
  local ok, problem = pcall(scope.timeout, LOGOUT_SECONDS, function()
    if self.flight then
      pcall(self.flight.await, self.flight)
    end
    if self.token ~= nil then
      self.logout(self.token)
    end
  end)
  self.token = nil
  return not ok and problem or nil
end

return session
