--- Variables of playbooks from files and from the command line.
local t = require "tests.support.spec"
local variables = require "perilune.cmd.variables"

local function file(name, content)
  local path = t.tmpdir() .. "/" .. name
  local handle = assert(io.open(path, "w"))
  assert(handle:write(content))
  assert(handle:close())
  return path
end

t.test("takes later ones over earlier ones, and -e over files", function()
  local lua = file("a.lua", [[return { count = 3, name = "web", hosts = { "a", "b" } }]])
  local json = file("b.json", [[{ "count": 4, "big": 9007199254740993 }]])
  t.equal(variables.collect({ lua, json }, { "name=x=y" }),
    { count = 4, name = "x=y", hosts = { "a", "b" }, big = 9007199254740993 })
  t.equal(variables.collect(nil, nil), {})
end)

t.test("gives a Lua file nothing to call", function()
  local e = t.raises(function() variables.collect({ file("a.lua", "return os.getenv 'HOME'") }) end, "playbook.var")
  t.match(e.message, "a.lua: line 1:")
end)

t.test("tells what is wrong with a file", function()
  t.match(t.raises(function() variables.collect { file("a.lua", "return {") } end, "playbook.var").message, "line 1")
  t.raises(function() variables.collect { file("a.lua", "return 5") } end, "playbook.var")
  t.raises(function() variables.collect { file("a.json", "[1, 2]") } end, "playbook.var")
  t.raises(function() variables.collect { file("a.txt", "") } end, "playbook.var")
  t.raises(function() variables.collect { "/nonexistent/a.lua" } end, "io")
end)
