--- Takes runs from the queue and has each carried out in a process of its own: so many at once, fairly.
local breaker = require "perilune.serve.breaker"
local child = require "perilune.serve.child"
local err = require "perilune.err"
local events = require "perilune.serve.event"
local git = require "perilune.serve.git"
local job = require "perilune.serve.job"
local mask = require "perilune.serve.mask"
local notify = require "perilune.serve.notify"
local outcome = require "perilune.serve.outcome"
local plan_json = require "perilune.plan.json"
local process = require "perilune.c.process"
local runlog = require "perilune.serve.runlog"
local scope = require "perilune.util.scope"
local secret = require "perilune.util.secret"
local task = require "perilune.c.task"
local text = require "perilune.util.text"

---@class perilune.serve.Dispatch
---@field private store perilune.store.Store
---@field private config fun(): perilune.serve.Config
---@field private running table<integer, { child: perilune.serve.Child?, hook: string }>
local Dispatch = {}
Dispatch.__index = Dispatch

local dispatch = {}

local PLAN_MAX = 1 << 18 -- bytes of a plan's text that are kept
local LOOK = 1 -- seconds between looks for what other programs did to the store

local function micros()
  return math.floor(task.wall() * 1000000)
end

---@class perilune.serve.DispatchOptions
---@field store perilune.store.Store
---@field config fun(): perilune.serve.Config  as it is now
---@field log perilune.serve.Log
---@field breakers perilune.serve.Breakers
---@field state_directory string
---@field env fun(name: string): string?
---@field on_change fun(run: integer, what: string)
---@field observe fun(what: string, ...)
---@field tracer fun(): perilune.serve.Tracer

---@param options perilune.serve.DispatchOptions
---@return perilune.serve.Dispatch
function dispatch.new(options)
  return setmetatable({
    store = options.store, config = options.config, log = options.log, breakers = options.breakers,
    state_directory = options.state_directory, env = options.env,
    on_change = options.on_change, observe = options.observe, tracer = options.tracer,
    running = {}, count = 0,
  }, Dispatch)
end

--- Says that there may be something to do.
function Dispatch:poke()
  self.is_poked = true
  if self.task then self.task:wake() end
end

-- The store knows the default target by no name.
local function closed(self)
  local targets = {}
  for name in pairs(self.breakers:closed()) do targets[name == breaker.name(nil) and "" or name] = true end
  return targets
end

local function busy(self)
  local counts = {}
  for _, one in pairs(self.running) do counts[one.hook] = (counts[one.hook] or 0) + 1 end
  return counts
end

-- The directory of a run's playbook, the commit it is of, and whether the directory is only for this run.
local function place(self, config, hook, run, delivery)
  if not hook.source then return config.directory end
  local into = ("%s/work/%d"):format(self.state_directory, run.id)
  local ref = run.approved_by and run.commit or job.ref(hook, events.of(delivery))
  local commit = git.checkout {
    directory = self.state_directory, url = hook.source.url, ref = ref, into = into, env = self.env,
  }
  return into, commit, true
end

local function prepare(self, hook, run)
  local config, delivery = self.config(), self.store:delivery(run.id)
  local directory, commit, is_own = place(self, config, hook, run, delivery)
  local made = job.of(config, hook, run, delivery, { parent = process.pid(), directory = directory })
  return made, commit, is_own and directory
end

local function log_of(self, run)
  local config = self.config()
  return runlog.new {
    limit = config.limits.log, mask = mask.new(secret.all()),
    write = function(entries)
      self.store:log(run.id, entries)
      self.on_change(run.id, "log")
    end,
  }
end

-- Keeps what a plan prints, for who is to approve of it.
local function keeping(lines)
  local kept, size = {}, 0
  return function(stream, bytes)
    lines:add(stream, bytes)
    if stream == "stdout" and size < PLAN_MAX then kept[#kept + 1], size = bytes, size + #bytes end
  end, kept
end

local function carry_out(self, hook, run, lines, context)
  local made, commit, extra = prepare(self, hook, run)
  local _ <close> = setmetatable({}, { __close = function() if extra then process.run { "rm", "-rf", extra } end end })
  if self.is_ending then return { state = "released", text = "the server ends; it is run by the next one" } end
  local started <close> = child.start(made)
  self.running[run.id].child = started
  self.store:started(run.id, { pid = started.pid, pid_start = started.started, commit = commit })
  self.on_change(run.id, "started")
  local listen, printed = keeping(lines)
  local ended = started:finish_within(hook.timeout, listen, function(record)
    self.observe("record", run, record)
    self.tracer():record(context, record)
  end)
  lines:finish()
  local found = outcome.of(ended, made.kind)
  if found.state == "held" then
    found.plan = lines.mask(table.concat(printed)):gsub("[^\n]+", text.visible)
  end
  return found, ended
end

-- A run that could not even be started: a mistake of hooks.lua, of git, of the system.
local function not_started(e)
  return { state = "failed", text = e.message, error = plan_json.error(e), may_retry = err.has(e, "serve.git") }
end

local function retry_at(hook, run)
  local seconds = outcome.delay(hook.retries, run.attempt, math.random)
  return micros() + math.floor(seconds * 1000000), seconds
end

-- Writes down how a run ended, and returns the state it has now.
local function settle(self, hook, run, found, lines)
  local store, now = self.store, micros()
  if found.state == "released" then
    store:release(run.id)
    return "queued"
  elseif found.state == "held" then
    store:hold(run.id, { plan = found.plan, plan_digest = found.digest, summary = found.summary })
    return "held"
  elseif found.may_retry and run.attempt <= hook.retries.max then
    local at, seconds = retry_at(hook, run)
    store:retry(run.id, { ready_at = at, error = found.error, outcome = found.text })
    lines:say(("attempt %d of %d failed: %s; the next one in %.0f s"):format(run.attempt, hook.retries.max + 1,
      found.text, seconds))
    return "queued"
  end
  local state = found.state == "failed" and found.may_retry and "dead" or found.state
  store:finish(run.id, { state = state, outcome = found.text, summary = found.summary, error = found.error,
    exit = found.exit, at = now })
  return state
end

local function tell(self, hook, run, state, ended)
  local config = self.config()
  local now = self.store:run(run.id)
  local link = config.public_url and ("%s/runs/%d"):format(config.public_url, run.id)
  local message = notify.message(now, ended and ended.records.result, link)
  for _, notice in ipairs(notify.wanted(hook, state)) do
    self.spawn(function()
      local ok, e = xpcall(notify.send, err.wrap, notice, message)
      if not ok then self.log:error("notice not sent", { hook = hook.name, run = run.id, error = e.message }) end
    end)
  end
end

-- Whether the target is away: then the run waits for it, and that attempt does not count.
local function is_away(self, hook, run, found)
  local e = found.error
  if not self.breakers:finish(hook.target, run.id, found.away, e and e.message) then return false end
  return found.away and found.state == "failed"
end

local function attempt(self, hook, run, log)
  local lines = log_of(self, run)
  local context = self.tracer():attempt(run)
  self.breakers:begin(hook.target, run.id)
  local ok, found, ended = xpcall(carry_out, err.wrap, self, hook, run, lines, context)
  if not ok then
    if err.has(found, "task.cancelled") then error(found, 0) end
    found = not_started(found)
  end
  if ended then found.exit = ended.status end
  if is_away(self, hook, run, found) then
    lines:say(("%s is away: %s; the run waits until it is back"):format(breaker.name(hook.target), found.text))
    found = { state = "released", text = found.text }
  end
  local state = settle(self, hook, run, found, lines)
  log:info("run " .. (state == "queued" and "goes back to the queue" or state), { outcome = found.text, state = state,
    attempt = run.attempt, seconds = (micros() - run.started) / 1000000 })
  self.observe("ended", run, state, (micros() - run.started) / 1000000)
  self.tracer():ended(context, run, state)
  tell(self, hook, run, state, ended)
end

-- A hook that is gone since the delivery came.
local function orphan(self, run)
  self.store:finish(run.id, { state = "failed", at = micros(), outcome = "its hook is not there any more",
    error = { type = "error", code = "serve.hook", message = ("hooks.lua has no hook %q any more"):format(run.hook) } })
end

local function serve_one(self, run)
  local hook = self.config().hooks[run.hook]
  local log = self.log:with { hook = run.hook, run = run.id, delivery = run.delivery_id }
  if not hook then return orphan(self, run) end
  log:info("run started", { attempt = run.attempt, kind = run.kind, target = hook.target })
  attempt(self, hook, run, log)
end

local function start(self, run)
  self.running[run.id], self.count = { hook = run.hook }, self.count + 1
  self.on_change(run.id, "claimed")
  self.spawn(function()
    local _ <close> = setmetatable({}, { __close = function()
      self.running[run.id], self.count = nil, self.count - 1
      self.on_change(run.id, "ended")
      self:poke()
    end })
    serve_one(self, run)
  end)
end

-- Starts what can be started now. Returns the moment at which there was no more, nil where there is no room for it.
local function fill(self)
  while not self.is_ending and self.count < self.config().limits.runs do
    local at = micros()
    local run = self.store:claim { at = at, hooks_busy = busy(self), closed = closed(self) }
    if not run then return at end
    start(self, run)
  end
end

-- Until a run becomes ready, somebody pokes, or another program changed the store.
local function pause(self, at)
  local next_at = at and self.store:next_ready(at)
  local ends = next_at and task.now() + (next_at - micros()) / 1000000 or math.huge
  while not self.is_poked and task.now() < ends do
    task.park(math.max(0.001, math.min(ends - task.now(), LOOK)))
    if self.store:changed() then
      self:look_for_cancelled()
      break
    end
  end
  self.is_poked = false
end

--- Runs until it is cancelled, or has drained.
function Dispatch:main()
  self.task = task.current()
  self.spawn = scope.spawn
  while not self.is_ending do
    local at = fill(self)
    if not self.is_ending then pause(self, at) end
  end
end

--- Runs that another program wants to be stopped.
function Dispatch:look_for_cancelled()
  for _, run in ipairs(self.store:cancelling()) do self:cancel(run.id, run.cancelled_by) end
end

--- Asks a run to end. False when it is not under way here.
---@param id integer
---@param who string
---@return boolean
function Dispatch:cancel(id, who)
  local one = self.running[id]
  if not (one and one.child) then return false end
  one.child:stop("cancelled", who)
  self.spawn(function()
    task.sleep(child.GRACE)
    one.child:kill()
  end)
  return true
end

--- Starts nothing more, waits for what runs, and after some seconds asks it to end.
---@param seconds number
function Dispatch:drain(seconds)
  self.is_ending = true
  self:poke()
  local limit = task.now() + seconds
  while self.count > 0 and task.now() < limit do task.sleep(0.05) end
  for _, one in pairs(self.running) do
    if one.child then one.child:stop "drained" end
  end
  limit = task.now() + child.GRACE
  while self.count > 0 and task.now() < limit do task.sleep(0.05) end
  for _, one in pairs(self.running) do
    if one.child then one.child:kill() end
  end
  while self.count > 0 do task.sleep(0.05) end
end

-- The process of a run ends when its server has; what does not is killed.
local function await_end(run)
  local limit = task.now() + child.GRACE
  while run.pid and process.alive(run.pid, run.pid_start) do
    if task.now() > limit then process.run { "kill", "-KILL", tostring(run.pid) } end
    task.sleep(0.05)
  end
end

local function recover(self, run)
  await_end(run)
  local found = outcome.lost(run, self.config().hooks[run.hook])
  self.log:warn("run found again", { run = run.id, hook = run.hook, outcome = found.text })
  if found.state == "released" then
    self.store:release(run.id)
  else
    self.store:finish(run.id, { state = "dead", outcome = found.text, error = found.error, at = micros() })
  end
  self:poke()
end

--- Settles the runs that were on their way when a server was killed, each when its process has ended. Does not wait.
---@param spawn fun(fn: function, ...)
function Dispatch:recover(spawn)
  for _, run in ipairs(self.store:unfinished()) do spawn(recover, self, run) end
end

return dispatch
