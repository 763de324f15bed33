--- How long to let the server wait for news, where something on the way may cut long requests.
---
---     waiting   each request waits on the server, for as long as gets through; a proxy that cuts it makes the next
---               ones shorter
---     looking   requests that wait at all are cut: each one just looks, 0.1 s to 1 s after the one before; now and
---               then one waits, and when that gets through, all do again
local pace = {}

local LONGEST = 50       -- seconds that a request waits; proxies often cut after 60
local PROBE = 3          -- seconds that a request waits to see whether waiting gets through
local ENDURED = 2        -- seconds after which a wait got through, or a cut one was long
local STRIKES = 2        -- waits that were cut at once, until nothing but looking is left
local SOONEST, LATEST = 0.1, 1 -- seconds between two looks
local FIRST_GAP, LAST_GAP = 5, 60 -- seconds between two tries to wait again
local CEILING_HOLDS = 600 -- seconds for which no wait is as long as one that was cut

---@class perilune.vim.Pace
---@field private limit integer  seconds of the next wait
---@field private ceiling { seconds: integer, ends: number }?  what was too long, and until when that is believed
---@field private strikes integer
---@field private looking boolean
---@field private interval number  between two looks
---@field private gap number  between two tries to wait
---@field private probe_at number
---@field private clock fun(): number
local Pace = {}
Pace.__index = Pace

---@param clock fun(): number  monotonic seconds
---@return perilune.vim.Pace
function pace.new(clock)
  return setmetatable({
    clock = clock, limit = LONGEST, strikes = 0, looking = false, interval = SOONEST, gap = FIRST_GAP, probe_at = 0,
  }, Pace)
end

---@return boolean
function Pace:is_looking()
  return self.looking
end

--- Seconds that the next request may wait on the server; 0 to look only.
---@return integer
function Pace:seconds()
  if not self.looking then
    return self.limit
  end
  return self.clock() >= self.probe_at and PROBE or 0
end

--- Seconds to let pass before the next request.
---@return number
function Pace:pause()
  return self.looking and self.interval or 0
end

--- Longer waits again, up to what was too long.
local function grow(self)
  local ceiling = self.ceiling
  if ceiling and self.clock() >= ceiling.ends then
    self.ceiling, ceiling = nil, nil
  end
  self.limit = math.max(math.min(self.limit * 2, ceiling and ceiling.seconds or LONGEST), 1)
end

--- A look, or a wait, was answered.
---@param asked integer  what `seconds` said
---@param took number  seconds
---@param is_news boolean
function Pace:answered(asked, took, is_news)
  self.interval = is_news and SOONEST or math.min(self.interval * 1.5, LATEST)
  if asked == 0 or took < math.min(ENDURED, asked) then
    return -- it proves nothing about waiting
  end
  self.strikes = 0
  if self.looking then
    self.looking, self.limit, self.gap = false, PROBE, FIRST_GAP
  elseif took >= asked - 1 then
    grow(self)
  end
end

local function look(self)
  self.looking = true
  self.probe_at = self.clock() + self.gap
  self.gap = math.min(self.gap * 2, LAST_GAP)
end

--- A request that waited was cut off.
---@param took number  seconds until then
function Pace:cut(took)
  if self.looking then
    look(self)
  elseif took >= 2 * ENDURED then
    local seconds = took * 0.8 // 1 | 0
    self.ceiling = { seconds = seconds, ends = self.clock() + CEILING_HOLDS }
    self.limit = math.max(seconds // 2, ENDURED)
  else
    self.strikes = self.strikes + 1
    if self.strikes >= STRIKES then
      self.strikes = 0
      look(self)
    end
  end
end

--- There is nothing to wait with: the time of the next try is set anew.
---@return number seconds  until then
function Pace:put_off()
  look(self)
  return self.probe_at - self.clock()
end

return pace
