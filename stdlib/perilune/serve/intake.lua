--- From a request to 202: who sent it, what it says, whether it is wanted, and its place in the queue.
---
--- Nothing of a body is looked at before its sender is known. 202 is said when the delivery is on the disk.
local budget = require "perilune.serve.budget"
local err = require "perilune.err"
local events = require "perilune.serve.event"
local json = require "perilune.c.json"
local task = require "perilune.c.task"
local trace = require "perilune.serve.trace"

---@class perilune.serve.Intake
---@field private store perilune.store.Store
---@field private log perilune.serve.Log
---@field private on_queued fun(accepted: table)
local Intake = {}
Intake.__index = Intake

local intake = {}

---@param options { store: table, log: perilune.serve.Log, on_queued: fun(accepted: table), count: function }
---@return perilune.serve.Intake
function intake.new(options)
  return setmetatable(options, Intake)
end

--- Answers with a JSON object.
---@param request table
---@param status integer
---@param value table
---@param headers table?
function intake.answer(request, status, value, headers)
  headers = headers or {}
  headers["Content-Type"] = "application/json"
  headers["Cache-Control"] = "no-store"
  request:respond(status, headers, json.encode(value) .. "\n")
end

local function what(hook, name)
  return ("%s of hook %q"):format(name, hook.name)
end

-- Whether the hook wants the event, and the key it comes under.
local function judge(hook, event)
  local wanted = not hook.when or budget.call(what(hook, "when"), hook.when, event)
  local key = hook.key
  if wanted and type(key) == "function" then key = budget.call(what(hook, "key"), key, event) end
  if wanted and key ~= nil and type(key) ~= "string" and type(key) ~= "number" then
    err.raise { code = "serve.hook", where = hook.where, message = what(hook, "key") .. " gave no text" }
  end
  return wanted and "queued" or "ignored", wanted and key ~= nil and tostring(key) or nil
end

local function delivery_of(request, hook, identity, now)
  return {
    hook = hook.name, delivery_id = identity.delivery_id, peer = request.peer, at = math.floor(now * 1000000),
    event = identity.event, who = identity.who, headers = events.headers(request), body = request.body,
  }
end

local function entry_of(hook, delivery)
  delivery.keep, delivery.target = hook.keep, hook.target
  delivery.kind = type(hook.run) == "function" and "function" or hook.approve or "apply"
  delivery.file = type(hook.run) == "string" and hook.run or nil
  return delivery
end

--- Takes in what is signed: the status and what is said with it.
function Intake:take(request, hook, identity, now, context)
  local delivery = delivery_of(request, hook, identity, now)
  local event = events.of(delivery)
  delivery.state, delivery.key = judge(hook, event)
  delivery.trace = context and trace.format(context) or delivery.headers.traceparent
  local accepted = self.store:accept(entry_of(hook, delivery))
  if accepted.is_new and accepted.state == "queued" then self.on_queued(accepted) end
  return accepted
end

-- What is wrong with a delivery is told to who signed it; what is wrong with hooks.lua is for our log.
local function refusal(e)
  if e.code == "serve.body" then return 400, e.message end
  if e.code == "serve.hook" or e.code == "limit" then
    return 500, "the hook's functions failed on this event; the server's log says where"
  end
  return 503, "the delivery could not be written down; send it again"
end

local function refuse(self, request, hook, log, e)
  local status, message = refusal(e)
  log:error("delivery refused", { status = status, code = e.code, error = e.message,
    where = e.where and ("%s:%d"):format(e.where.file, e.where.line) })
  self.count(hook.name, status)
  intake.answer(request, status, { error = message }, status == 503 and { ["Retry-After"] = "5" } or nil)
end

--- Answers a POST to a hook.
---@param request table
---@param hook perilune.serve.Hook
function Intake:deliver(request, hook)
  local now = task.wall()
  local log = self.log:with { hook = hook.name, peer = request.peer }
  local identity, reason = hook.auth:verify(request, now)
  if not identity then
    log:warn("delivery not believed", { reason = reason, status = 401 })
    self.count(hook.name, 401)
    return intake.answer(request, 401, { error = "not authorized" }, hook.auth.challenge
      and { ["WWW-Authenticate"] = hook.auth.challenge })
  end
  if identity.answer then
    self.count(hook.name, 200)
    return request:respond(200, { ["Content-Type"] = "text/plain" }, identity.answer)
  end
  log = log:with { delivery = identity.delivery_id }
  local context = self.tracer():begin(request:header "traceparent")
  local ok, accepted = xpcall(self.take, err.wrap, self, request, hook, identity, now, context)
  if not ok then return refuse(self, request, hook, log, accepted) end
  log:info(accepted.is_new and "delivery accepted" or "delivery known", { run = accepted.run,
    state = accepted.state, event = identity.event })
  self.count(hook.name, 202)
  self.tracer():delivery(context, hook.name, accepted.run, 202)
  intake.answer(request, 202, { run = accepted.run, state = accepted.state, known = not accepted.is_new or nil })
end

return intake
