--- Carries a plan out: its steps and nothing else, as many at once as allowed.
---
--- When a step fails, those under way are waited for and no other is begun. Ctrl-C does the same, with
--- a short patience: what is still under way on the server is then named as such.
local err = require "perilune.err"
local channel = require "perilune.util.channel"
local limits = require "perilune.plan.limits"
local scope = require "perilune.util.scope"
local services = require "perilune.plan.services"
local step = require "perilune.kind.step"
local task = require "perilune.c.task"

local execute = {}

--- Seconds that steps under way get to finish after Ctrl-C.
local PATIENCE = 10

---@class perilune.plan.Execution
local Execution = {}
Execution.__index = Execution

local function is_task_method(method)
  return method:sub(-5) == "_Task"
end

local function call_method(call, args, objects, report)
  local object = step.substitute(call.object, objects)
  local result = object[call.method](object, args)
  if not is_task_method(call.method) then return result end
  result:on_progress(function(percent) report(percent) end)
  return result:await().result
end

--- Sends one call; what it makes is known to later steps under its symbol.
function Execution:send(call, report)
  local args = step.substitute(call.args, self.objects)
  local result
  if call.service then
    result = services[call.service][call.method](self.vc, args, report)
  else
    result = call_method(call, args, self.objects, report)
  end
  if call.makes then self.objects[call.makes] = result end
end

function Execution:tell(event)
  self.listener(event)
end

function Execution:run_step(one)
  local began = task.now()
  self:tell { type = "start", step = one }
  local function report(percent, detail)
    self:tell { type = "progress", step = one, percent = percent, detail = detail }
  end
  local ok, problem = pcall(self.vc.with_operation, self.vc, ("%s-%d"):format(self.run, one.id), function()
    scope.parallel(self.parallel, one.calls, function(call) self:send(call, report) end)
  end)
  local failure = not ok and err.wrap(problem) or nil
  self.finished:send { step = one, ok = ok, error = failure, seconds = task.now() - began }
end

--- Begins what may begin; returns how many are under way.
function Execution:start_ready()
  while not self.stopping and self.running < self.limit and self.next_ready <= #self.ready do
    local one = self.ready[self.next_ready]
    self.next_ready = self.next_ready + 1
    self.running = self.running + 1
    self.begun[one.id] = scope.spawn(self.run_step, self, one)
  end
  return self.running
end

--- A step is ready when the last of those it comes after is done.
function Execution:release(done_id)
  for _, one in ipairs(self.waiters[done_id] or {}) do
    self.missing[one.id] = self.missing[one.id] - 1
    if self.missing[one.id] == 0 then self.ready[#self.ready + 1] = one end
  end
end

function Execution:queue_steps()
  for _, one in ipairs(self.plan.steps) do
    self.missing[one.id] = #one.after
    if #one.after == 0 then self.ready[#self.ready + 1] = one end
    for _, id in ipairs(one.after) do
      local list = self.waiters[id] or {}
      list[#list + 1] = one
      self.waiters[id] = list
    end
  end
end

local function is_unknown(problem)
  return err.has(problem, "http.unknown")
end

function Execution:settle(outcome)
  local one = outcome.step
  self.running = self.running - 1
  self.settled[one.id] = true
  if outcome.ok then
    self:release(one.id)
    self.result.done[#self.result.done + 1] = one.id
    self:tell { type = "done", step = one, seconds = outcome.seconds }
  else
    self.stopping = true
    local list = is_unknown(outcome.error) and self.result.unknown or self.result.failed
    list[#list + 1] = { step = one, error = outcome.error }
    self:tell { type = "failed", step = one, seconds = outcome.seconds, error = outcome.error }
  end
end

function Execution:drain()
  while self:start_ready() > 0 do
    self:settle(self.finished:receive())
  end
end

--- After Ctrl-C: waits a little for what is under way, then names it.
function Execution:interrupt()
  self.stopping, self.result.interrupted = true, true
  self:tell { type = "interrupted", running = self.running, patience = PATIENCE }
  pcall(scope.timeout, PATIENCE, self.drain, self)
  for _, one in ipairs(self.plan.steps) do
    if self.begun[one.id] and not self.settled[one.id] then
      self.begun[one.id]:cancel()
      self.result.unknown[#self.result.unknown + 1] = {
        step = one,
        error = err.new {
          code = "task.interrupted",
          message = "still under way on the server when the run ended",
        },
      }
    end
  end
end

function Execution:skip_rest()
  for _, one in ipairs(self.plan.steps) do
    if not self.begun[one.id] then self.result.skipped[#self.result.skipped + 1] = one.id end
  end
end

---@class perilune.plan.Result
---@field ok boolean
---@field done integer[]
---@field failed { step: perilune.kind.Step, error: perilune.Error }[]
---@field unknown { step: perilune.kind.Step, error: perilune.Error }[]  sent, outcome not known
---@field skipped integer[]    never begun
---@field interrupted boolean

local function has_vsphere_tasks(plan)
  for _, one in ipairs(plan.steps) do
    for _, call in ipairs(one.calls) do
      if not call.service and is_task_method(call.method) then return true end
    end
  end
  return false
end

--- Executes a plan. Waits until nothing is under way any more. Never raises for a failed step.
---@param plan perilune.plan.Plan
---@param vc table  perilune.vim.Connection
---@param options { parallel: integer?, run: string, listener: fun(event: table) }
---@return perilune.plan.Result
function execute.run(plan, vc, options)
  local self = setmetatable({
    plan = plan, vc = vc, run = options.run, listener = options.listener,
    parallel = options.parallel or limits.CONNECTIONS, limit = options.parallel or limits.STEPS,
    objects = {}, begun = {}, settled = {}, running = 0, finished = channel.new(#plan.steps + 1),
    ready = {}, next_ready = 1, missing = {}, waiters = {},
    result = { done = {}, failed = {}, unknown = {}, skipped = {}, interrupted = false },
  }, Execution)
  self:queue_steps()
  if has_vsphere_tasks(plan) then vc.updates:prepare() end
  scope.scope(function()
    local ok, problem = pcall(self.drain, self)
    if not ok then
      if not err.has(problem, "task.interrupted") then error(problem, 0) end
      self:interrupt()
    end
  end)
  self:skip_rest()
  self.result.ok = #self.result.done == #plan.steps
  return self.result
end

return execute
