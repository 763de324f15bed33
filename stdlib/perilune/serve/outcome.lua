--- What an ended process means for its run: done, failed, to be tried again, waiting for approval.

local outcome = {}

---@class perilune.serve.Ended
---@field status integer  exit code, or 128 + signal
---@field signal string?
---@field reason "timeout"|"cancelled"|"drained"|nil  why we ended it
---@field by string?  who cancelled it
---@field records table<string, table>  the last record of each type that the process wrote

---@class perilune.serve.Outcome
---@field state "done"|"failed"|"held"|"cancelled"|"released"
---@field text string  a line for people
---@field away boolean?  the target could not be reached
---@field may_retry boolean?
---@field error table?
---@field summary table?
---@field digest string?

--- What time may mend. A refused login is not among them: accounts get locked.
local PASSING = {
  ["http.resolve"] = true, ["http.connect"] = true, ["http.timeout"] = true, ["http.cut"] = true,
  ["http.status"] = true, ["http.unknown"] = true, ["vim.session"] = true,
}

--- Whether an error, as a record, is of the connection and not of what was asked for.
---@param e table?
---@return boolean
function outcome.is_passing(e)
  while e do
    if PASSING[e.code] then return true end
    e = e.cause
  end
  return false
end

-- Of an apply that stopped: whether nothing but the connection failed.
local function all_passing(result)
  local count = 0
  for _, list in ipairs { result.failed or {}, result.unknown or {} } do
    for _, entry in ipairs(list) do
      count = count + 1
      if not outcome.is_passing(entry.error) then return false end
    end
  end
  return count > 0
end

local function plural(n, word)
  return ("%d %s%s"):format(n, word, n == 1 and "" or "s")
end

local function applied_text(records)
  local result = records.result
  if not result then return "nothing to do" end
  return ("%d added, %d changed, %d destroyed"):format(result.added, result.changed, result.destroyed)
end

local function planned_text(summary)
  return ("%d to add, %d to change, %d to destroy"):format(summary.add, summary.change, summary.destroy)
end

local function stopped_text(result)
  return ("%s failed, %d done, %d not begun"):format(plural(#(result.failed or {}) + #(result.unknown or {}), "step"),
    #(result.done or {}), #(result.not_done or {}))
end

local function first_error(records)
  local result = records.result
  local entry = result and ((result.failed or {})[1] or (result.unknown or {})[1])
  return records.error or entry and entry.error
end

local function succeeded(ended, kind)
  local records = ended.records
  if kind == "function" then return { state = "done", text = "done" } end
  return { state = "done", text = kind == "plan" and "nothing to do" or applied_text(records) }
end

local function ended_by_us(ended)
  if ended.reason == "cancelled" then
    return { state = "cancelled", text = ended.by and "cancelled by " .. ended.by or "cancelled" }
  elseif ended.reason == "timeout" then
    return { state = "failed", text = "took longer than its timeout" }
  end
end

local SIGNALS = {
  KILL = "was killed; it may have passed its limit of memory", XCPU = "used up its limit of CPU time",
  SEGV = "crashed", ABRT = "ran out of memory, or crashed", BUS = "crashed",
}

local function failed(ended)
  local e, result = first_error(ended.records), ended.records.result
  local stopped = result and result.ok == false
  local text = stopped and stopped_text(result) or e and e.message
    or ended.signal and (SIGNALS[ended.signal] or "was ended by SIG" .. ended.signal)
    or ("ended with exit code %d"):format(ended.status)
  local passing = stopped and all_passing(result) or not stopped and outcome.is_passing(e)
  return { state = "failed", text = text, may_retry = passing, away = passing and not stopped }
end

-- A signal to all of our processes (Ctrl-C in a terminal) may reach one that has not even begun.
local ASKED = { TERM = true, INT = true, HUP = true }

local function has_not_begun(ended)
  return not ended.reason and not ended.records.version and ASKED[ended.signal or ""]
end

--- A run's outcome. Where the server drains, an interrupted run goes back into the queue.
---@param ended perilune.serve.Ended
---@param kind "apply"|"plan"|"function"
---@return perilune.serve.Outcome
function outcome.of(ended, kind)
  local records, found = ended.records
  if ended.status == 0 then
    found = succeeded(ended, kind)
  elseif kind == "plan" and ended.status == 2 and records.summary then
    found = { state = "held", text = planned_text(records.summary), digest = records.summary.digest }
  elseif has_not_begun(ended) then
    found = { state = "released", text = "was ended before it began; it is run again" }
  elseif ended.reason == "drained" and kind ~= "function" then
    found = { state = "released", text = "interrupted by the end of the server; it is run again" }
  else
    found = ended_by_us(ended) or failed(ended)
  end
  found.summary = records.summary
  if found.state ~= "done" and found.state ~= "held" then found.error = first_error(records) end
  return found
end

--- Seconds to wait before the next attempt: doubled each time, or not; and a share of it at random, so that what
--- failed together does not come back together.
---@param retries { backoff: string, first: number, limit: number }
---@param attempt integer  the one that failed, from 1
---@param random fun(): number  from 0 to 1
---@return number
function outcome.delay(retries, attempt, random)
  local seconds = retries.first
  if retries.backoff == "exponential" then seconds = seconds * 2.0 ^ math.min(attempt - 1, 60) end
  seconds = math.min(seconds, retries.limit)
  return seconds * (0.75 + random() / 2)
end

--- A run that was on its way when the server was killed. A plan or an apply is run again: it does what is missing.
--- A function is only run again where its hook says that it may be.
---@param run perilune.store.Run
---@param hook perilune.serve.Hook?
---@return perilune.serve.Outcome
function outcome.lost(run, hook)
  local repeatable = hook and (run.kind ~= "function" or hook.retries.max >= run.attempt)
  if repeatable then return { state = "released", text = "the server ended while it ran; it is run again" } end
  return {
    state = "failed", text = "the server ended while it ran",
    error = { type = "error", code = "serve.lost", message = "the server ended while the run was on its way",
      hint = hook and "see what it did, then replay it; with retries = { max = 1 } it is run again by itself"
        or "its hook is not there any more; see what it did" },
  }
end

return outcome
