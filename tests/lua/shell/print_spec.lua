--- How results look, as far as no server is needed.
local err = require "perilune.err"
local grid = require "perilune.shell.grid"
local literal = require "perilune.shell.literal"
local object = require "perilune.c.object"
local print = require "perilune.shell.print"
local secret = require "perilune.util.secret"
local t = require "tests.support.spec"
local text = require "perilune.util.text"
local time = require "perilune.c.time"
local vim = require "perilune.vim"

local space = object.space()

--- What a text is when it is pasted back.
local function pasted(s)
  local vc = { object = function(_, type, id) return space:object(type, id) end }
  return assert(load("return " .. s, "=pasted", "t", { vc = vc, time = time, vim = vim, math = math }))()
end

t.test("writes values that are the same when they are pasted back", function()
  local value = {
    1, -2.5, 1e100, 2 ^ 53, math.mininteger, math.huge, true, "a\"b\\c\n\t\27é\255",
    { ["end"] = 1, ["a b"] = 2, [3.5] = "x", [true] = "y", name = { {} } },
    vim.VirtualDisk { key = -1, backing = vim.VirtualDiskFlatVer2BackingInfo { fileName = "[ds] x" } },
    { _typeName = "FromTheFuture", x = 1 },
    space:object("VirtualMachine", "vm-42"),
    time.parse "2026-11-24T01:02:03Z",
  }
  local back = pasted(literal.text(value))
  t.equal(back[12], value[12])
  t.is_true(back[13] == value[13])
  back[12], back[13], value[12], value[13] = nil, nil, nil, nil
  t.equal(back, value)
end)

t.test("keeps what has no form in Lua out of sight, and the rest valid", function()
  local loop = { name = "loop" }
  loop.again = loop
  local shown = literal.text {
    f = print.page, s = secret.new "hunter2", loop = loop, e = err.new { code = "io", message = "gone" },
  }
  t.is_nil(shown:find "hunter2")
  t.equal(pasted(shown).loop.name, "loop")
  t.match(shown, "nil --[[a table around this one]]")
end)

t.test("puts the short values of a list on lines together", function()
  local list = {}
  for i = 1, 40 do list[i] = i * 1000 end
  local shown = literal.text(list)
  t.equal(pasted(shown), list)
  local _, lines = shown:gsub("\n", "")
  t.equal(lines < 6, true)
end)

local function row(id, values)
  values.ref = space:object("VirtualMachine", id)
  return values
end

t.test("shows rows as columns, the name first, numbers to the right, and counts them", function()
  local rows = {
    row("vm-1", { name = "web-01", ["config.hardware.numCPU"] = 2 }),
    row("vm-2", { name = "web-longer", ["config.hardware.numCPU"] = 16, missing = {} }),
  }
  local shown = print.value(rows, { width = 80, spent = function() return 1, 0.0035 end })
  t.equal(shown, table.concat({
    "name        config.hardware.numCPU",
    "web-01                           2",
    "web-longer                      16",
    "2 rows, 1 request, 4 ms", "",
  }, "\n"))
end)

t.test("cuts columns to the width, the widest first, by columns and not by bytes", function()
  local head, lines = grid.lines({ "name", "note" }, { { "web-01", ("長い"):rep(30) }, { "db", "x" } }, 30)
  t.equal(head, "name    note")
  t.equal(text.width(lines[1]) <= 30, true)
  t.find(lines[1], "^web%-01  長い.*…$")
end)

t.test("cuts what is long, says how much there is, and goes on from there", function()
  local list = {}
  for i = 1, 300 do list[i] = ("line %d of a text that takes room"):format(i) end
  local page = print.page(list, { width = 80 })
  local first, rest = print.part(page, 1, 50)
  t.find(first, "\n… 252 lines more; more%(%) shows them\n$")
  t.equal(rest, 51)
  local last, none = print.part(page, 251, 60)
  t.is_nil(none)
  t.find(last, "\n}\n$")
end)

t.test("shows the end of a vSphere task in one line, with the time it took then", function()
  local info = { task = space:object("Task", "task-1"), state = "success" }
  local seconds = 1.31
  local options = { width = 80, spent = function() return 4, seconds end }
  t.equal(print.value(info, options), "TaskInfo success in 1.3 s\n")
  seconds = 50
  t.equal(print.value(info, options), "TaskInfo success in 1.3 s\n")
end)
