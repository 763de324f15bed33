--- perilune runs [ID]: what the webhooks' runs did and do.
local err = require "perilune.err"
local json = require "perilune.c.json"
local lazy = require "perilune.util.lazy"
local place = require "perilune.store.place"
local store = lazy "perilune.store"
local style = require "perilune.util.style"
local task = require "perilune.c.task"
local term = require "perilune.c.term"
local text = require "perilune.util.text"

local runs = {
  name = "runs",
  usage = "[ID] [options]",
  summary = "Show the runs that webhooks started: a list, or one with its log.",
  arguments = { { name = "ID", doc = "of one run", optional = true } },
  options = { "state", "hook", "limit", "store", "json", "color", "no_color" },
  examples = {
    { "runs", "the newest ones" },
    { "runs --state failed,dead", "what went wrong" },
    { "runs 42", "one of them, and what it printed" },
  },
  exits = "0, or 1 when there is no such run",
}

local LIMIT, WORST = 20, "bad"

local STYLES = { done = "good", failed = WORST, dead = WORST, running = "change", held = "change" }

--- Opens the store that the options name; only to look unless it is to be changed.
---@param options table
---@param is_changed boolean?
---@return perilune.store.Store
function runs.open(options, is_changed)
  local path = options.store or place.file(os.getenv)
  local file = io.open(path, "r")
  if not file then
    err.raise { code = "store.io", where = false, message = "there is no store " .. path,
      hint = "perilune serve makes one; name another with --store" }
  end
  file:close()
  return store.open(path, { readonly = not is_changed })
end

--- A run's id from the command line.
---@param word string
---@return integer
function runs.id(word)
  local id = math.tointeger(tonumber((word:gsub("^#", ""))))
  if id then return id end
  err.raise { code = "usage", where = false, message = ("%q is no run: they are numbers"):format(word),
    hint = "perilune runs lists them" }
end

local function ago(micros, now)
  return text.spent(math.max(0, now - micros / 1000000)) .. " ago"
end

local function took(run, now)
  if not run.started then return "" end
  local ended = run.ended and run.ended / 1000000 or run.state == "running" and now
  return ended and text.spent(math.max(0, ended - run.started / 1000000)) or ""
end

local HEAD = { "RUN", "STATE", "HOOK", "KEY", "EVENT", "RECEIVED", "TOOK", "OUTCOME" }

local function row_of(run, now)
  return { "#" .. run.id, run.state, run.hook or "", run.key or "", run.event or "", ago(run.created, now),
    took(run, now), run.outcome or "" }
end

local function widths_of(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for i, cell in ipairs(row) do
      row[i] = text.visible(cell)
      widths[i] = math.max(widths[i] or 0, text.width(row[i]))
    end
  end
  return widths
end

local function print_table(rows, paint)
  local widths, most = widths_of(rows), term.width() or 120
  for number, row in ipairs(rows) do
    local cells, used = {}, 0
    for i = 1, #row - 1 do
      cells[i] = paint(number, i, text.pad(row[i], widths[i]))
      used = used + widths[i] + 2
    end
    cells[#row] = text.clip(row[#row], math.max(20, most - used))
    io.stdout:write((table.concat(cells, "  "):gsub("%s+$", "")), "\n")
  end
end

local function list_rows(found, options)
  local now, rows = task.wall(), { HEAD }
  local marks = style.new(style.wanted(options.color, term.isatty(1), os.getenv))
  for i, run in ipairs(found) do rows[i + 1] = row_of(run, now) end
  print_table(rows, function(number, column, cell)
    local run = found[number - 1]
    if not run then return marks:mark(cell, "dim") end
    return column == 2 and STYLES[run.state] and marks:mark(cell, STYLES[run.state]) or cell
  end)
end

local function print_json(value)
  io.stdout:write(json.encode(require("perilune.plan.json").plain(value)), "\n")
end

--- Lists runs.
---@param found perilune.store.Run[]
---@param options table
---@param nothing string  what is said when there are none
function runs.list(found, options, nothing)
  if options.json then
    for _, run in ipairs(found) do print_json(run) end
  elseif #found == 0 then
    io.stdout:write(nothing, "\n")
  else
    list_rows(found, options)
  end
end

local FACTS = { { "state", "state" }, { "outcome", "outcome" }, { "hook", "hook" }, { "key", "key" },
  { "target", "target" }, { "playbook", "file" }, { "commit", "commit" }, { "delivery", "delivery_id" },
  { "event", "event" }, { "attempt", "attempt" }, { "approved by", "approved_by" }, { "replay of", "source" } }

local function show_facts(run)
  local now = task.wall()
  local function line(name, value)
    if value ~= nil and value ~= "" then io.stdout:write(("  %-12s %s\n"):format(name, text.visible(value))) end
  end
  io.stdout:write(("run %d\n"):format(run.id))
  for _, fact in ipairs(FACTS) do line(fact[1], run[fact[2]]) end
  line("received", ago(run.created, now))
  line("took", took(run, now))
  if run.error then
    line("error", run.error.message)
    line("what to do", run.error.hint)
  end
end

local function show(opened, id, options)
  local run = opened:run(id)
  if not run then
    err.raise { code = "store.unknown", where = false, message = ("there is no run %d"):format(id),
      hint = "perilune runs lists them" }
  end
  local lines = opened:log_of(id, {})
  if options.json then
    run.log = lines
    return print_json(run)
  end
  show_facts(run)
  if run.plan and run.state == "held" then io.stdout:write("\n", run.plan) end
  if #lines > 0 then io.stdout:write "\n" end
  for _, one in ipairs(lines) do io.stdout:write(text.visible(one.text), "\n") end
end

local STATES = { "queued", "held", "running", "done", "failed", "dead", "cancelled", "superseded", "ignored" }

local function states_of(words)
  if not words then return nil end
  local known, list = {}, {}
  for _, state in ipairs(STATES) do known[state] = true end
  for word in words:gmatch "[^,%s]+" do
    if not known[word] then
      err.raise { code = "usage", where = false, message = ("--state has no word '%s'"):format(word),
        hint = err.suggest(word, STATES) or "they are: " .. table.concat(STATES, ", ") }
    end
    list[#list + 1] = word
  end
  return list
end

---@param options table
---@return integer
function runs.main(options)
  local opened <close> = runs.open(options)
  if options.id then
    show(opened, runs.id(options.id), options)
    return 0
  end
  local found = opened:runs { state = states_of(options.state), hook = options.hook, limit = options.limit or LIMIT }
  runs.list(found, options, "There are no such runs.")
  return 0
end

return runs
