local process = require "perilune.c.process"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("gives the exit code and what the program wrote, byte for byte", function()
  local status, output = process.run { "printf", "a\\0b\\n" }
  t.equal({ status, output }, { 0, "a\0b\n" })
end)

t.test("arguments go to the program as they are, past any shell", function()
  t.equal({ process.run { "printf", "%s|%s", "it's $HOME", "; exit 3" } }, { 0, "it's $HOME|; exit 3" })
end)

t.test("a program that writes nothing gives an empty text", function()
  t.equal({ process.run { "sh", "-c", "exit 7" } }, { 7, "" })
end)

t.test("a program that a signal ended says which", function()
  t.equal({ process.run { "sh", "-c", "kill -TERM $$" } }, { 143, "" })
end)

t.test("large output arrives whole", function()
  local status, output = process.run { "head", "-c", "300000", "/dev/zero" }
  t.equal({ status, #output }, { 0, 300000 })
end)

t.test("too much output ends the program", function()
  t.raises(function() process.run { "head", "-c", "100000000", "/dev/zero" } end, "limit")
end)

t.test("a program that is not there is an error that names it", function()
  t.match(tostring(t.raises(function() process.run { "no-such-program" } end, "io")), "no-such-program")
end)

t.test("other tasks run while a program does", function()
  local order = {}
  scope.all {
    function()
      process.run { "sleep", "0.05" }
      table.insert(order, "program")
    end,
    function() table.insert(order, "task") end,
  }
  t.equal(order, { "task", "program" })
end)

local function content_of(path)
  local file = io.open(path)
  local text = file and file:read "l"
  if file then file:close() end
  return text
end

t.test("who stops waiting ends the program", function()
  local path = t.tmpdir() .. "/pid"
  local running = scope.spawn(process.run, { "sh", "-c", "echo $$ >" .. path .. "; exec sleep 60" })
  while not content_of(path) do task.sleep(0.005) end
  local alive = { "sh", "-c", "kill -0 " .. content_of(path) .. " 2>/dev/null" }
  t.equal((process.run(alive)), 0)
  running:cancel()
  while running:status() ~= "done" do task.sleep(0.005) end
  t.is_true(process.run(alive) ~= 0)
end)

t.test("refuses what is no list of strings", function()
  t.raises(function() process.run {} end)
  t.raises(function() process.run { "echo", 5 } end)
end)
