--- Plans, events and errors as JSON records.
local err = require "perilune.err"
local fixture = require "tests.lua.plan.fixture"
local json = require "perilune.c.json"
local plan_json = require "perilune.plan.json"
local t = require "tests.support.spec"

--- What a program reads: the record once encoded and decoded.
local function read(record)
  local line = json.encode(record)
  t.is_nil(line:find "\n")
  return json.decode(line)
end

t.test("says first what writes, and which format", function()
  local record = read(plan_json.version "plan")
  t.equal({ record.type, record.format, record.command }, { "version", 1, "plan" })
end)

t.test("gives a plan, its changes in order, and the sums", function()
  local refusals = { { word = "delete", count = 1 } }
  local types, last = {}, nil
  for i, record in ipairs(plan_json.plan(fixture.mixed(), refusals)) do
    last = read(record)
    types[i] = last.type
  end
  t.equal(types, { "plan", "change", "change", "change", "summary" })
  t.equal(last.refused, refusals)
  t.equal({ last.add, last.change, last.destroy, last.steps, last.unchanged }, { 1, 1, 1, 3, 1 })
end)

t.test("gives values as values, and as text where the planner has no other", function()
  local change = read(plan_json.change(fixture.mixed().changes[2]))
  t.equal(change.fields[1].old, 2147483648)
  t.equal(change.fields[1].new, 4294967296)
  t.equal(change.fields[2].new, "100 GiB")
  t.equal(change.fields[3].added, { "tier:web" })
  t.equal(change.where, { file = "web-tier.lua", line = 28 })
end)

t.test("keeps a list that is empty a list", function()
  t.match(json.encode(plan_json.change(fixture.mixed().changes[3])), '"fields":[]')
end)

t.test("gives an event with its step and its error", function()
  local plan = fixture.mixed()
  local problem = err.new { code = "vim.fault", message = "no space", server = "Not enough space." }
  local record = read(plan_json.event(plan, { type = "failed", step = plan.steps[3], error = problem, seconds = 2.5 }))
  t.equal(record.step, { id = 3, title = "memory 2 GiB → 4 GiB", kind = "vm", name = "web-01" })
  t.equal({ record.event, record.error.code, record.error.server }, { "failed", "vim.fault", "Not enough space." })
end)

t.test("gives all mistakes of an error, and its exit code", function()
  local record = read(plan_json.error(err.new {
    code = "playbook.mistakes", message = "2 mistakes",
    mistakes = {
      err.new { code = "playbook.field", message = "a", where = { file = "x.lua", line = 3 } },
      err.new { code = "playbook.name", message = "b" },
    },
  }))
  t.equal(record.exit, 1)
  t.equal(record.mistakes[1].where.line, 3)
  t.equal(#record.mistakes, 2)
end)

t.test("says what was done and what was not", function()
  local plan = fixture.mixed()
  local problem = err.new { code = "http.cut", message = "cut" }
  local record = read(plan_json.stopped({
    done = { 1 }, failed = { { step = plan.steps[3], error = problem } }, unknown = {}, skipped = { 2 },
    interrupted = false,
  }, { plan = plan, run = "r", seconds = 1 }))
  t.is_false(record.ok)
  t.equal({ record.done[1].id, record.failed[1].id, record.not_done[1].title }, { 1, 3, "power on" })
  t.equal(record.failed[1].error.exit, 4)
end)

t.test("writes what JSON has no form for as text", function()
  local value = { inf = math.huge, bytes = "\xff", fn = print, list = { 1, 2 }, map = { a = true } }
  local plain = read(plan_json.plain(value))
  t.equal({ plain.bytes, plain.list, plain.map, plain.inf }, { "\\xff", { 1, 2 }, { a = true }, json.null })
end)
