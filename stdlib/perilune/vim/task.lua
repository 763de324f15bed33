--- vSphere tasks as values: `vm:PowerOnVM_Task():await { timeout = "30s" }`.
---
--- Waiting costs no request of its own (updates.lua). Once a task has ended it stays so, whatever late
--- reports say. A time limit ends the waiting, never the work.
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local scope = require "perilune.util.scope"
local units = require "perilune.util.units"
local watched = require "perilune.vim.watched"

---@class perilune.vim.Task: perilune.vim.Watched
---@field ref userdata  the managed object
---@field info table?  what was seen of its TaskInfo: task, state, progress, error, result, entity, entityName
---@field call { method: string?, object: any, operation: string? }  what started it
local Task = watched.class()

local vtask = {}

---@param connection perilune.vim.Connection
---@param ref userdata
---@param call table?
---@return perilune.vim.Task
function vtask.new(connection, ref, call)
  return watched.new(Task, { connection = connection, ref = ref, call = call or {} })
end

local ENDED = { success = true, error = true }

function Task:is_ended()
  return self.info ~= nil and ENDED[self.info.state] or false
end

--- Takes a report whole, or not at all: what comes after the end is old.
---@param changes { name: string, val: any }[]
function Task:see(changes)
  if self:is_ended() then
    return
  end
  local info = self.info or { task = self.ref }
  for _, change in ipairs(changes) do
    local field = change.name:match "^info%.(%w+)$"
    if field then
      info[field] = change.val
    end
  end
  self.info = info
  self:news()
end

--- The error of the fault that the task ended with: what was called on what, as far as that is known here (not of
--- a task that another one started), and whose task it is.
local function error_of(self)
  local call, info = self.call, self.info
  local e = fault.error(info.error, nil, {
    method = call.method or info.descriptionId,
    object = call.object or info.entity,
    operation = call.operation,
  })
  e.task, e.entity = self.ref, info.entity
  return e
end

--- The error of a task that failed, or could not be followed; nil for success.
local function problem_of(self)
  if not self:is_ended() then
    return self.failure
  elseif self.info.state == "error" then
    return error_of(self)
  end
end

local function seconds_of(timeout)
  if timeout == nil or type(timeout) == "number" then
    return timeout
  end
  local seconds, problem, hint = units.duration(timeout)
  return seconds or err.raise { code = "argument", message = "timeout: " .. problem, hint = hint }
end

--- Waits until the task has ended.
---@param options { timeout: string|number|nil }?
---@return table? info  of TaskInfo: task, state, progress, result, entity. Raises the error of a failure: `fault`,
---  `server` (its words), `method`, `object`, `entity`, `task`, `operation` (the id in the server's logs)
---@return perilune.Error? e  only when time ran out; the work goes on
function Task:await(options)
  local timeout = seconds_of(options and options.timeout)
  if not self:follow(timeout) then
    return nil, err.new {
      code = "task.timeout",
      message = ("%s has not ended within %s"):format(tostring(self), units.format_duration(timeout)),
    }
  end
  local problem = problem_of(self)
  if problem then
    err.raise(problem)
  end
  return self.info
end

--- As `await`, so that tasks stand where functions do: `all { vm:PowerOnVM_Task(), other:PowerOnVM_Task() }`.
---@return table info
function Task:__call()
  return self:await()
end

--- How the task stands: asks the server unless it is known to have ended. Waits.
---@return "queued"|"running"|"success"|"error"
function Task:status()
  local info = not self:is_ended() and self.ref:get "info"
  if info and not self:is_ended() then
    self.info = info
    self:news()
  end
  return self.info.state
end

--- Asks the server to cancel the work; that it then ends is for `await` to tell.
function Task:cancel()
  self.ref:CancelTask()
end

-- Callbacks: tasks of the scope that made them ------------------------------------------------------------

--- Calls fn(percent) whenever vSphere reports progress.
---@param fn fun(percent: integer)
---@return perilune.vim.Task self
function Task:on_progress(fn)
  scope.spawn(function()
    local last
    self:follow(nil, function()
      local percent = self.info and self.info.progress
      if percent and percent ~= last then
        last = percent
        fn(percent)
      end
    end)
  end)
  return self
end

--- Calls fn(info) when the task has ended well.
---@param fn fun(info: table)
---@return perilune.vim.Task self
function Task:on_success(fn)
  scope.spawn(function()
    self:follow()
    if not problem_of(self) then
      fn(self.info)
    end
  end)
  return self
end

--- Calls fn(error) when the task has failed, with the typed fault.
---@param fn fun(e: perilune.Error)
---@return perilune.vim.Task self
function Task:on_failure(fn)
  scope.spawn(function()
    self:follow()
    local problem = problem_of(self)
    if problem then
      fn(problem)
    end
  end)
  return self
end

function Task:__tostring()
  return ("%s (%s)"):format(self.call.method or "task", tostring(self.ref))
end

return vtask
