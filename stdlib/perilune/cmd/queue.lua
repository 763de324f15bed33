--- perilune queue [WORD ID…]: what waits, and what may be done to it.
local err = require "perilune.err"
local runs = require "perilune.cmd.runs"
local task = require "perilune.c.task"

local queue = {
  name = "queue",
  usage = "[WORD ID…] [options]",
  summary = "Show what waits; cancel, replay, approve or reject runs.",
  arguments = {
    { name = "WORD", doc = "cancel, replay, approve or reject; nothing: show what waits", optional = true },
    { name = "ID", doc = "of the runs", many = true },
  },
  options = { "store", "json", "color", "no_color" },
  examples = {
    { "queue", "what waits, runs, or needs somebody" },
    { "queue approve 42", "carry out the plan of run 42" },
    { "queue replay 17 18", "run them again, from the same deliveries" },
  },
  exits = "0, or 1 when a run is not in a state for that",
}

local WAITING = { "queued", "held", "running", "dead" }

--- What each word does, and what is said then.
local WORDS = {
  cancel = function(store, id, who, at)
    local was = store:cancel(id, who, at)
    return ("run %d: %s"):format(id, was == "running" and "asked to end" or "cancelled")
  end,
  replay = function(store, id, who, at)
    return ("run %d: queued again as run %d"):format(id, store:replay(id, who, at))
  end,
  approve = function(store, id, who, at)
    store:approve(id, who, at)
    return ("run %d: approved"):format(id)
  end,
  reject = function(store, id, who, at)
    store:reject(id, who, at)
    return ("run %d: rejected"):format(id)
  end,
}

local function show(options)
  local opened <close> = runs.open(options)
  runs.list(opened:runs { state = WAITING, limit = 1000 }, options, "Nothing waits.")
end

local function act(options)
  local fn = WORDS[options.word]
  if not fn then
    err.raise { code = "usage", where = false, message = ("perilune queue has no word '%s'"):format(options.word),
      hint = err.suggest(options.word, WORDS) or "it has cancel, replay, approve and reject" }
  elseif #options.id == 0 then
    err.raise { code = "usage", where = false, message = ("perilune queue %s: which runs?"):format(options.word),
      hint = "perilune queue lists them" }
  end
  local who = os.getenv "USER" or os.getenv "LOGNAME" or "the command line"
  local opened <close> = runs.open(options, true)
  for _, word in ipairs(options.id) do
    print(fn(opened, runs.id(word), who, math.floor(task.wall() * 1000000)))
  end
end

---@param options table
---@return integer
function queue.main(options)
  if options.word then act(options) else show(options) end
  return 0
end

return queue
