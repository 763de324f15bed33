--- Runs as rows of the store and as tables of Lua.
local err = require "perilune.err"
local json = require "perilune.c.json"
local store = require "perilune.c.store"

local row = {}

---@class perilune.store.Run
---@field id integer
---@field hook? string            nil: started on the command line
---@field key? string
---@field keep "all"|"latest"
---@field state "ignored"|"queued"|"held"|"running"|"done"|"failed"|"dead"|"cancelled"|"superseded"
---@field kind? "apply"|"function"|"plan"
---@field file? string
---@field target? string
---@field delivery_id? string
---@field event? string           type of the event
---@field created integer         this and all times: microseconds since 1970 UTC
---@field ready_at integer        not to be started before
---@field started? integer
---@field ended? integer
---@field attempt integer         0 before the first one
---@field pid? integer
---@field pid_start? string       with pid it names a process for good
---@field outcome? string         a sentence
---@field exit? integer
---@field summary? table
---@field error? table
---@field commit? string
---@field who? string
---@field approved_by? string
---@field approved_at? integer
---@field cancelled_by? string    a run that still is running is to be stopped
---@field plan? string            text of the saved plan; only from run() and claim()
---@field plan_digest? string
---@field trace? string
---@field allow? string[]
---@field source? integer         the run that it replays

local COLUMNS = { "id", "hook", "key", "keep", "state", "kind", "file", "target", "delivery_id", "event", "created",
  "ready_at", "started", "ended", "attempt", "pid", "pid_start", "outcome", "exit", "summary", "error", '"commit"',
  "who", "approved_by", "approved_at", "cancelled_by", "plan_digest", "trace", "allow", "source" }

--- The columns of a run in a list, and of one by itself.
row.BRIEF = table.concat(COLUMNS, ", ")
row.WHOLE = row.BRIEF .. ", plan"

local PACKED = { "summary", "error", "allow" }

--- A row with the columns above as a run; changes it in place.
---@param found table
---@return perilune.store.Run
function row.run(found)
  if found.target == "" then found.target = nil end
  for _, name in ipairs(PACKED) do
    if found[name] then found[name] = json.decode(found[name]) end
  end
  return found
end

--- All rows of a result.
---@param result table
---@return perilune.store.Run[]
function row.runs(result)
  local list = {}
  for i = 1, #result do list[i] = row.run(result[i]) end
  return list
end

--- A value as a parameter: nil is null.
function row.value(value)
  if value == nil then return store.null end
  return value
end

-- What JSON cannot say, said otherwise: an error's fault may hold objects, a message any bytes.
local function text_of(bytes)
  local parts, at = {}, 1
  while at <= #bytes do
    local ok, wrong = utf8.len(bytes, at)
    local last = ok and #bytes or wrong - 1
    parts[#parts + 1] = bytes:sub(at, last) .. (ok and "" or "\u{FFFD}")
    at = last + (ok and 1 or 2)
  end
  return table.concat(parts)
end

local plain

local function plain_table(value, depth)
  if depth > 20 then return "…" end
  local is_list, copy = #value > 0, {}
  for key, one in pairs(value) do
    if is_list then
      if math.type(key) == "integer" then copy[key] = plain(one, depth + 1) end
    else
      copy[text_of(tostring(key))] = plain(one, depth + 1)
    end
  end
  return copy
end

function plain(value, depth)
  if type(value) == "table" then return plain_table(value, depth) end
  if type(value) == "boolean" or math.type(value) == "integer" or value == json.null then return value end
  if type(value) == "number" and value - value == 0 then return value end
  return text_of(tostring(value))
end

--- A table as a parameter. It is kept even if JSON has no words for something in it.
function row.packed(value)
  if value == nil then return store.null end
  local ok, text = pcall(json.encode, value)
  return ok and text or json.encode(plain(value, 0))
end

--- Raises that a run is in the wrong state for what was to be done, or not there at all.
---@param found perilune.store.Run|nil
---@param id integer
---@param wanted string  what it would have to be: "held"
function row.refuse(found, id, wanted)
  if not found then
    err.raise { code = "store.unknown", message = ("there is no run %s"):format(id),
      hint = "perilune runs lists those that are kept" }
  end
  err.raise { code = "store.state", message = ("run %d is %s, not %s"):format(id, found.state, wanted) }
end

return row
