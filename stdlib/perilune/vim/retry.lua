--- Which failed requests are sent again, after how long, and for how long.
---
--- What failed is of one of three kinds. The server is *away*: nothing of the request reached it, or it (or what
--- stands before it) refused to take it. The answer was *lost*: the request may have been carried out. Anything
--- else is an answer, or our own mistake, and final. A read is sent again in both of the first kinds, a write only
--- when the server was away. Being away may last (a vCenter that starts takes minutes), so it is bounded by time,
--- the target's `patience`; losses are bounded by number. docs/internals/http.md has it all as a table.
---
--- Pauses double and are jittered, so that tasks that failed together do not come back together.
local err = require "perilune.err"
local task = require "perilune.c.task"

local retry = {}

local LOSSES = 5           -- of one call, the last of which is told
local PATIENCE = 60        -- seconds from the first failure of a call on, while the server is away
local FIRST_PAUSE = 0.1    -- seconds
local LONGEST_PAUSE = 5    -- seconds
local LONGEST_ASKED = 60   -- seconds that a server may ask for by Retry-After

local AWAY = { ["http.connect"] = true, ["http.resolve"] = true, ["tls.handshake"] = true }
local LOST = { ["http.cut"] = true, ["http.unknown"] = true, ["http.protocol"] = true, ["soap.xml"] = true }
local BUSY = { [429] = true, [502] = true, [503] = true, [504] = true }

--- Answers of what stands before a server that it did not pass the request on, whoever wrote it.
local NOT_PASSED_ON = {
  "Failed to connect to endpoint", -- the reverse proxy of vCenter and ESXi
  "no healthy upstream", "reset reason: connection failure", "reset reason: remote connection failure",
  "reset reason: overflow", -- Envoy
  "No server is available to handle this request", -- HAProxy
}

--- Answers that say that nothing was done, other than 4xx.
local REFUSALS = { [301] = true, [307] = true, [308] = true, [501] = true, [505] = true }

local function names_no_connection(e)
  for _, words in ipairs(NOT_PASSED_ON) do
    if e.body and e.body:find(words, 1, true) then
      return true
    end
  end
  return false
end

--- Whether an answer with an unforeseen status proves that the request was not carried out. 429 does, as any 4xx.
--- 503 does when it says when to come back, or that the server could not be reached; a bare 503 does not, since
--- Envoy, which is in front of every vCenter, also says 503 when the server died over the request.
---@param e any
---@return boolean
function retry.is_refusal(e)
  local status = err.is(e) and e.code == "http.status" and e.status
  if not status then
    return false
  elseif status == 503 then
    return e.retry_after ~= nil or names_no_connection(e)
  end
  return status >= 400 and status < 500 or REFUSALS[status] or false
end

--- Whether a write that was answered so may have been carried out.
---@param e any
---@return boolean
function retry.leaves_open(e)
  return err.is(e) and e.code == "http.status" and not retry.is_refusal(e)
end

--- What a failure was: "away", "lost" or "final". A write ends with http.timeout only where it was not sent.
---@param e any
---@param idempotent boolean
---@return "away"|"lost"|"final"
function retry.kind(e, idempotent)
  if not err.is(e) or e.is_given_up then
    return "final"
  elseif AWAY[e.code] or e.is_unsent then
    return "away"
  elseif e.code == "http.status" and BUSY[e.status] then
    return retry.is_refusal(e) and "away" or "lost"
  elseif e.code == "http.timeout" then
    return idempotent and "lost" or "away"
  end
  return LOST[e.code] and "lost" or "final"
end

--- Whether a request that failed with an error may be sent again.
---@param e any
---@param idempotent boolean  whether doing it twice is doing it once
---@return boolean
function retry.allows(e, idempotent)
  local kind = retry.kind(e, idempotent)
  return kind == "away" or kind == "lost" and idempotent
end

--- An error from before a request was sent (a login that was lost, say), so that it is not taken for its outcome.
---@param e any
---@return any
function retry.unsent(e)
  if retry.kind(e, true) ~= "lost" then
    return e
  end
  return err.new { code = "vim.session", message = "not logged in again: " .. e.message, cause = e, is_unsent = true }
end

--- Seconds to wait after a number of failures: up to half of it is chance.
---@param failures integer
---@param chance number?  0–1
---@return number
function retry.pause(failures, chance)
  local longest = math.min(FIRST_PAUSE * 2 ^ math.min(failures - 1, 30), LONGEST_PAUSE)
  return longest * (0.5 + (chance or math.random()) / 2)
end

---@class perilune.vim.Retrying
---@field patience number?  seconds for which a server may be away
---@field on_wait fun(e: perilune.Error, seconds: number)?  told before each pause; must not wait
local Retrying = {}
Retrying.__index = Retrying

---@param options { patience: number?, on_wait: fun(e: perilune.Error, seconds: number)? }
---@return perilune.vim.Retrying
function retry.new(options)
  return setmetatable({ patience = options.patience or PATIENCE, on_wait = options.on_wait }, Retrying)
end

--- The error as one that nobody tries again, such as who called for several requests that each were tried.
--- A copy, as others may wait for the same login and be more patient.
local function given_up(e)
  local copy = { is_given_up = true }
  for key, value in pairs(e) do
    copy[key] = value
  end
  return setmetatable(copy, getmetatable(e))
end

---@class perilune.vim.Tried  what failed so far of one call
---@field idempotent boolean
---@field failures integer
---@field losses integer
---@field began number?  when it failed first

--- What a call that is about to be tried has tried so far: nothing.
---@param idempotent boolean
---@return perilune.vim.Tried
function Retrying:begin(idempotent) -- luacheck: ignore 212
  return { idempotent = idempotent, failures = 0, losses = 0 }
end

--- Seconds to wait before the next try, or nil when there is none.
local function next_pause(self, tried, e)
  local kind = retry.kind(e, tried.idempotent)
  tried.failures = tried.failures + 1
  tried.began = tried.began or task.now()
  if kind == "lost" then
    tried.losses = tried.losses + 1
  end
  if kind == "final" or kind == "lost" and (not tried.idempotent or tried.losses >= LOSSES) then
    return nil
  end
  local pause = retry.pause(tried.failures)
  if e.retry_after then
    pause = math.max(math.min(e.retry_after, LONGEST_ASKED), pause)
  end
  return task.now() + pause <= tried.began + self.patience and pause or nil
end

--- Waits before the next try of what failed with an error, or raises that.
---@param tried perilune.vim.Tried
---@param e any
function Retrying:after(tried, e)
  local pause = next_pause(self, tried, e)
  if not pause then
    error(retry.allows(e, tried.idempotent) and given_up(e) or e, 0)
  elseif self.on_wait then
    self.on_wait(e, pause)
  end
  task.sleep(pause)
end

--- Calls fn(…) until it succeeds, fails for good, or the patience ends. Waits in between.
---@param idempotent boolean
---@param fn fun(...): ...
---@param ... any  its arguments
---@return any ...  what fn returned
function Retrying:run(idempotent, fn, ...)
  local tried = self:begin(idempotent)
  while true do
    local outcome = table.pack(xpcall(fn, err.wrap, ...))
    if outcome[1] then
      return table.unpack(outcome, 2, outcome.n)
    end
    self:after(tried, outcome[2])
  end
end

local usual = retry.new {}

--- As Retrying:run, with the usual patience.
function retry.run(idempotent, fn, ...)
  return usual:run(idempotent, fn, ...)
end

return retry
