local t = require "tests.support.spec"
local reading = require "tests.lua.playbook.reading"
local source = require "perilune.playbook.source"

local function find(text, line, name, path, at)
  local call = { line = line, word = "vm", name = name }
  local where, exact = source.new("book.lua", text):field(call, path, at or "value")
  return reading.marked(text, where), where.line, exact
end

t.test("finds a field of the table given to a call", function()
  local text = 'local x = 1\nvm "a" {\n  memory = "4 gigs", -- memory\n  cpus = 2 + f(3),\n}'
  t.equal({ find(text, 2, "a", "memory") }, { '"4 gigs"', 3, true })
  t.equal({ find(text, 2, "a", "memory", "key") }, { "memory", 3, true })
  t.equal({ find(text, 2, "a", "cpus") }, { "2 + f(3)", 4, true })
end)

t.test("finds fields of elements, over several lines and with other elements between", function()
  local text = [[
vm("a") ({
  f = function() local size, y = 1, { size = 2 }; return size end,
  disks = {
    { size = "1GiB", x = { size = 0 } }, -- { size = 3 }
    g "x, { size = 4 }",
    {
      thin = true, ["size"] =
        "5",
    };
    [4] = { size = "6" },
  },
})]]
  t.equal({ find(text, 1, "a", "disks[1].size") }, { '"1GiB"', 4, true })
  t.equal({ find(text, 1, "a", "disks[3].size") }, { '"5"', 8, true })
  t.equal({ find(text, 1, "a", "disks[3].size", "key") }, { '["size"]', 7, true })
  t.equal({ find(text, 1, "a", "disks[4].size") }, { '"6"', 10, true })
  t.equal({ find(text, 1, "a", "disks[1]", "key") }, { '{ size = "1GiB", x = { size = 0 } }', 4, true })
end)

t.test("stops at what was written here when the rest was computed elsewhere", function()
  local text = 'vm "a" {\n  disks = two_disks,\n  nics = { f(1) },\n}\nvm "b" (spec)'
  t.equal({ find(text, 1, "a", "disks[2].size") }, { "disks", 2, false })
  t.equal({ find(text, 1, "a", "nics[1].type") }, { "f(1)", 3, false })
  t.equal({ find(text, 1, "a", "nics[2].type") }, { "nics", 3, false })
  t.equal({ find(text, 1, "a", "memory") }, { 'vm "a"', 1, false })
  t.equal({ find(text, 5, "b", "memory") }, { 'vm "b"', 5, false })
end)

t.test("what lacks a field is the table around it", function()
  local text = 'vm "a" {\n  disks = { { thin = true } },\n}'
  t.equal({ find(text, 1, "a", "disks[1].size", "parent") }, { "{ thin = true }", 2, true })
  t.equal({ find(text, 1, "a", "folder", "parent") }, { 'vm "a"', 1, true })
end)

t.test("tells calls on one line apart by what they name", function()
  local text = 'vm "a" { cpus = 1 } vm(name) { cpus = 2 } vm "c" { cpus = 3 } m "d" { cpus = 4 }'
  t.equal((find(text, 1, "a", "cpus")), "1")
  t.equal((find(text, 1, "b", "cpus")), "2")
  t.equal((find(text, 1, "c", "cpus")), "3")
  t.equal((find(text, 1, "d", "cpus")), "4")
end)

t.test("finds the table of a call with several arguments", function()
  local text = 'local c = var("count", { type = "integer", default = "x" })'
  local call = { line = 1, word = "var", name = "count" }
  local where = source.new("book.lua", text):field(call, "default", "value")
  t.equal(reading.marked(text, where), '"x"')
end)

t.test("an excerpt marks the words, in columns as they are seen", function()
  local text = source.new("book.lua", 'first\n\tname = "äöü", memry = 1\r\nlast')
  t.equal(text:excerpt { line = 2, column = 19, length = 5 },
    '    2 | \tname = "äöü", memry = 1\n      | \t              ^^^^^')
  t.equal(text:excerpt { line = 3 }, "    3 | last")
  t.is_nil(text:excerpt { line = 4 })
  t.equal(text:surroundings { line = 2, column = 2, length = 4 },
    '    1 | first\n    2 | \tname = "äöü", memry = 1\n      | \t^^^^\n    3 | last')
end)

t.test("a long line is cut between letters", function()
  local text = source.new("book.lua", ("ä"):rep(200))
  local shown = text:excerpt { line = 1, column = 300, length = 2 }
  t.is_true(utf8.len(shown) ~= nil and utf8.len(shown) < 120)
  t.find(shown, "…$")
end)

t.test("a string over several lines is marked on its first", function()
  local text = 'vm "a" { annotation = [[one\ntwo]] }'
  t.equal((find(text, 1, "a", "annotation")), "[[one")
end)
