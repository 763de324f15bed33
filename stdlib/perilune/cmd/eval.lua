--- perilune eval EXPRESSION: one line of the shell, for pipelines.
local plan_json = require "perilune.plan.json"
local json = require "perilune.c.json"
local object = require "perilune.c.object"
local repl = require "perilune.cmd.repl"
local session = require "perilune.cmd.session"
local shell = require "perilune.shell"
local style = require "perilune.util.style"
local term = require "perilune.c.term"

local eval = {
  name = "eval",
  usage = "EXPRESSION [options]",
  summary = "Evaluate an expression, or statements, with the words of the shell; vc connects when it is used.",
  arguments = { { name = "EXPRESSION", doc = "Lua" } },
  options = { "target", "json", "parallel", "verbose", "color", "no_color" },
  examples = {
    { "eval 'vc:rows { type = \"VirtualMachine\" }'", "the names of all machines" },
    { "eval 'vm(\"web-01\"):PowerOnVM_Task():await()' -t lab", "a call, awaited" },
    { "eval 'vc.about' --json", "for programs, one object a line" },
  },
  exits = "0 done, 1 error, 4 cannot connect or log in, 5 the outcome of a call is unknown, 130 interrupted",
}

local function write(s)
  io.stdout:write(s)
  io.stdout:flush()
end

local function write_record(record)
  write(json.encode(record) .. "\n")
end

local function is_row(value)
  return type(value) == "table" and object.is(rawget(value, "ref"))
end

--- A row: the object, and its properties by their paths.
local function row_record(row)
  local values, missing = {}, nil
  for name, value in pairs(row) do
    if name ~= "ref" and name ~= "missing" then values[name] = value end
  end
  for path, fault in pairs(row.missing or {}) do
    missing = missing or {}
    missing[path] = fault._typeName or "missing"
  end
  return { type = "row", ref = tostring(row.ref), values = plan_json.plain(values), missing = missing }
end

local function write_value(value)
  local meta = type(value) == "table" and getmetatable(value)
  if type(meta) == "table" and meta.__inspect then value = meta.__inspect(value) end
  if type(value) == "table" and getmetatable(value) == nil and is_row(value[1]) then
    for _, row in ipairs(value) do write_record(row_record(row)) end
  else
    write_record { type = "value", value = plan_json.plain(value) }
  end
end

local function write_values(values)
  for i = 1, values.n do write_value(values[i]) end
end

local function open(options, shown, work)
  return shell.open {
    name = "eval", is_lazy = true,
    connect = function() return work:vcenter() end,
    apply = repl.applier(options, shown),
    style = style.new(style.wanted(options.color, term.isatty(1), os.getenv)),
    width = function() return term.isatty(1) and term.width() or nil end,
    write = options.json and function(s) term.write(2, s) end or write,
    ask = function(question) return shown:ask(question) end,
  }
end

---@param options table
---@param shown perilune.cmd.Output
---@return integer
function eval.main(options, shown)
  local work <close> = session.new(options, shown)
  local running <close> = open(options, shown, work)
  local values = running:results(options.expression)
  if options.json then write_values(values) else running:show(values) end
  running:drain()
  return running.background_failed and 1 or 0
end

return eval
