--- Which failed requests may be sent again, and how long to wait before.
---
--- A read may be sent again after any loss of the connection; a write only if nothing of it can have
--- reached the server, which is every loss but http.unknown. Back-off doubles, and is jittered so that
--- tasks that failed together do not come back together.
local err = require "perilune.err"
local task = require "perilune.c.task"

local retry = {}

local ATTEMPTS = 5
local FIRST_PAUSE = 0.1 -- seconds
local LONGEST_PAUSE = 5 -- seconds
local LONGEST_ASKED = 60 -- seconds that a server may ask for by Retry-After

local NEVER_SENT = { ["http.connect"] = true, ["http.resolve"] = true, ["http.timeout"] = true }
local LOST = { ["http.cut"] = true, ["http.unknown"] = true }
local BUSY = { [429] = true, [502] = true, [503] = true, [504] = true }

--- Whether a request that failed with an error may be sent again.
---@param e any
---@param idempotent boolean  whether doing it twice is doing it once
---@return boolean
function retry.allows(e, idempotent)
  if not err.is(e) then
    return false
  end
  local again = LOST[e.code] or e.code == "http.status" and BUSY[e.status]
  return NEVER_SENT[e.code] or idempotent and again or false
end

--- Whether a write that was answered so may have been carried out: by a server behind the one that answered.
---@param e any
---@return boolean
function retry.leaves_open(e)
  return err.is(e) and e.code == "http.status" and (e.status == 502 or e.status == 504)
end

--- Seconds to wait after a number of failures: up to half of it is chance.
---@param failures integer
---@param chance number?  0–1
---@return number
function retry.pause(failures, chance)
  local longest = math.min(FIRST_PAUSE * 2 ^ (failures - 1), LONGEST_PAUSE)
  return longest * (0.5 + (chance or math.random()) / 2)
end

--- Calls fn(…) until it succeeds, fails for good, or was tried often enough. Waits in between.
---@param idempotent boolean
---@param fn fun(...): ...
---@param ... any  its arguments
---@return any ...  what fn returned
function retry.run(idempotent, fn, ...)
  for failures = 1, math.maxinteger do
    local outcome = table.pack(xpcall(fn, err.wrap, ...))
    if outcome[1] then
      return table.unpack(outcome, 2, outcome.n)
    end
    local e = outcome[2]
    if failures >= ATTEMPTS or not retry.allows(e, idempotent) then
      error(e, 0)
    end
    task.sleep(e.retry_after and math.min(e.retry_after, LONGEST_ASKED) or retry.pause(failures))
  end
end

return retry
