--- perilune.c.term: terminals and lines typed, as a program sees them whose streams are files and pipes.
local t = require "tests.support.spec"
local term = require "perilune.c.term"

local function script(text)
  local path = t.tmpdir() .. "/script.lua"
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  assert(file:close())
  return path
end

t.test("counts columns, not bytes", function()
  t.equal(term.text_width "→ 日本", 6)
end)

t.test("says that a file is no terminal", function()
  t.is_false(term.isatty(0))
  t.raises(function() term.isatty(7) end)
end)

t.test("reads lines, the last one without its end, then nil", function()
  local path = script [[
    local term = require "perilune.c.term"
    repeat local line = term.read_line() print(line) until not line
  ]]
  local result = t.command { "build/perilune", "run", path, stdin = "yes\n\nno" }
  t.equal(result, { status = 0, stdout = "yes\n\nno\nnil\n", stderr = "" })
end)

t.test("lets other tasks run while nothing is typed", function()
  local path = script [[
    local task, term = require "perilune.c.task", require "perilune.c.term"
    spawn(function() print "meanwhile" io.stdout:flush() end)
    print(term.read_line())
  ]]
  local line = ("(printf la; sleep 0.2; echo te) | %s run %s"):format(os.getenv "PERILUNE" or "build/perilune", path)
  t.equal(t.command({ "sh", "-c", line }).stdout, "meanwhile\nlate\n")
end)

t.test("gives up a line that is waited for when the task is cancelled", function()
  local path = script [[
    local term = require "perilune.c.term"
    print(pcall(timeout, 0.05, term.read_line))
  ]]
  local line = ("sleep 1 | %s run %s"):format(os.getenv "PERILUNE" or "build/perilune", path)
  t.match(t.command({ "sh", "-c", line }).stdout, "false")
end)

t.test("writes all of a text at once", function()
  local path = script [[ require("perilune.c.term").write(2, ("x"):rep(200000)) ]]
  t.equal(#t.command({ "build/perilune", "run", path }).stderr, 200000)
end)
