--- Plans, events and errors as records for JSON: plain tables, each with its `type`.
---
--- `format` in the first record counts changes that break readers; new fields may come at any time.
local build = require "perilune.c.build"
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local json = require "perilune.c.json"
local text = require "perilune.util.text"

local plan_json = {}

local format = 1

local function keys_are_strings(value)
  for key in pairs(value) do
    if type(key) ~= "string" then return false end
  end
  return true
end

local function is_finite(number)
  return number == number and math.abs(number) ~= math.huge
end

--- A value with nothing in it but what JSON has; objects, times and the like as their text.
---@param value any
---@return any
function plan_json.plain(value)
  local kind = type(value)
  if kind == "string" then return utf8.len(value) and value or text.visible(value) end
  if kind == "number" then return is_finite(value) and value or json.null end
  if kind == "boolean" or kind == "nil" or value == json.null then return value end
  if kind ~= "table" or (getmetatable(value) and not err.is(value)) then return tostring(value) end
  local copy = {}
  if #value > 0 or not keys_are_strings(value) then
    for i, item in ipairs(value) do copy[i] = plan_json.plain(item) end
    return json.array(copy)
  end
  for key, item in pairs(value) do copy[key] = plan_json.plain(item) end
  return copy
end

local plain = plan_json.plain

local function list(items, convert)
  local copy = {}
  for i, item in ipairs(items or {}) do copy[i] = convert(item) end
  return json.array(copy)
end

local function place(where)
  return where and { file = where.file, line = where.line } or nil
end

--- The first record: what wrote the others.
---@param command string
function plan_json.version(command)
  return { type = "version", perilune = build.version, format = format, command = command }
end

-- A field's values as values where the planner has them, else as their text.
local function field_record(field)
  local raw = field.raw or {}
  local function value(index, shown)
    if raw[index] ~= nil then return plain(raw[index]) end
    return shown
  end
  return {
    path = field.path, old = value(1, field.old), new = value(2, field.new),
    added = field.added and plain(field.added), removed = field.removed and plain(field.removed),
    note = field.note, hurt = field.hurt,
  }
end

---@param change perilune.plan.Change
function plan_json.change(change)
  local transaction = change.transaction
  return {
    type = "change", action = change.action, kind = change.kind, name = change.name, place = change.place,
    where = place(change.where), transaction = transaction and transaction.name,
    undeclared = change.undeclared, fields = list(change.fields, field_record),
    hurts = list(change.hurts, function(hurt) return { word = hurt.word, text = hurt.text } end),
  }
end

local function refusal_record(refusal)
  return { word = refusal.word, count = refusal.count }
end

--- What tells a plan from another: the same changes of the same things have the same digest.
---@param plan perilune.plan.Plan
---@return string  hexadecimal digits
function plan_json.digest(plan)
  local changes = list(plan.changes, plan_json.change)
  for _, change in ipairs(changes) do change.where = nil end
  return digest.sha256(json.encode(changes))
end

local function summary(plan, refusals)
  local reads = plan.reads
  return {
    digest = plan_json.digest(plan),
    type = "summary", add = plan.counts.add, change = plan.counts.change, destroy = plan.counts.destroy,
    unchanged = #plan.unchanged, steps = #plan.steps, concurrency = plan.concurrency,
    refused = list(refusals, refusal_record),
    reads = reads and { requests = reads.requests, seconds = reads.seconds },
  }
end

--- A plan: its target, its changes, what is kept, and the sums.
---@param plan perilune.plan.Plan
---@param refusals { word: string, count: integer }[]
---@return table[]
function plan_json.plan(plan, refusals)
  local target = plan.target
  local records = { {
    type = "plan", path = plan.path, owner = plan.owner,
    target = { name = target.name, host = target.host, product = target.product, user = target.user },
  } }
  for _, change in ipairs(plan.changes) do records[#records + 1] = plan_json.change(change) end
  for _, kept in ipairs(plan.kept or {}) do
    records[#records + 1] = { type = "kept", label = kept.label, reason = kept.reason }
  end
  records[#records + 1] = summary(plan, refusals)
  return records
end

local function step_record(plan, step)
  local change = plan.changes[step.change]
  return { id = step.id, title = step.title, kind = change and change.kind, name = change and change.name }
end

--- An event of a run.
---@param plan perilune.plan.Plan
---@param event table
function plan_json.event(plan, event)
  return {
    type = "event", event = event.type, step = event.step and step_record(plan, event.step),
    percent = event.percent, detail = event.detail, seconds = event.seconds,
    error = event.error and plan_json.error(event.error), running = event.running, patience = event.patience,
  }
end

---@param report perilune.plan.ReportOptions
function plan_json.applied(report)
  local counts = report.plan.counts
  return {
    type = "result", ok = true, run = report.run, seconds = report.seconds,
    added = counts.add, changed = counts.change, destroyed = counts.destroy,
  }
end

local function outcome_records(plan, entries)
  return list(entries, function(entry)
    local record = step_record(plan, entry.step)
    record.error = plan_json.error(entry.error)
    return record
  end)
end

local function records_of_ids(plan, ids)
  local by_id = {}
  for _, step in ipairs(plan.steps) do by_id[step.id] = step end
  return list(ids, function(id) return step_record(plan, by_id[id]) end)
end

---@param result perilune.plan.Result
---@param report perilune.plan.ReportOptions
function plan_json.stopped(result, report)
  local plan = report.plan
  return {
    type = "result", ok = false, run = report.run, seconds = report.seconds, interrupted = result.interrupted,
    failed = outcome_records(plan, result.failed), unknown = outcome_records(plan, result.unknown),
    done = records_of_ids(plan, result.done), not_done = records_of_ids(plan, result.skipped),
  }
end

--- What still differs after an apply.
---@param changes perilune.plan.Change[]
function plan_json.unsettled(changes)
  return { type = "unsettled", changes = list(changes, plan_json.change) }
end

---@param declaration perilune.playbook.Declaration
function plan_json.valid(declaration)
  return {
    type = "valid", path = declaration.path, owner = declaration.owner, resources = #declaration.resources,
    lookups = #declaration.lookups, needs_server = list(declaration.needs_server, place),
    stopped = place(declaration.stopped),
  }
end

--- An error with its fields; foreign ones are to be wrapped before.
---@param e perilune.Error
function plan_json.error(e)
  if not err.is(e) then return { type = "error", message = tostring(e) } end
  return {
    type = "error", code = e.code, message = e.message, where = place(e.where), path = e.path,
    server = e.server, hint = e.hint, detail = e.detail, fault = e.fault and plain(e.fault),
    cause = e.cause and plan_json.error(e.cause), exit = err.exit_code(e),
    mistakes = e.mistakes and list(e.mistakes, plan_json.error),
  }
end

return plan_json
