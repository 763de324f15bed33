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

-- Children -------------------------------------------------------------------------------------------------------

local function all_of(child)
  local found = {}
  for stream, bytes in function() return child:read() end do found[stream] = (found[stream] or "") .. bytes end
  return found
end

t.test("a child is fed, and heard on each of its streams", function()
  local child <close> = process.spawn { argv = { "sh", "-c", "cat; echo bad >&2; echo '{}' >&3; exit 3" },
    stdin = "in\0put\n", records = true }
  t.equal(all_of(child), { stdout = "in\0put\n", stderr = "bad\n", records = "{}\n" })
  t.equal({ child:wait() }, { 3 })
end)

t.test("a child has its own directory and environment, and no input", function()
  local child <close> = process.spawn {
    argv = { "/bin/sh", "-c", "pwd; cat; echo $A$HOME" }, cwd = "/", env = { A = "b" },
  }
  t.equal(all_of(child).stdout, "/\nb\n")
end)

t.test("a child that nobody reads from waits; all it wrote arrives", function()
  local child <close> = process.spawn { argv = { "head", "-c", "3000000", "/dev/zero" } }
  task.sleep(0.1)
  t.equal(#all_of(child).stdout, 3000000)
  t.equal(child:wait(), 0)
end)

t.test("a signal reaches a child and what it started", function()
  local child <close> = process.spawn { argv = { "sh", "-c", "sleep 61 & echo $!; wait" } }
  local _, text = child:read()
  t.is_true(process.alive(child.pid, child.started))
  t.is_true(child:kill "TERM")
  t.equal({ child:wait() }, { 143, "TERM" })
  t.is_nil((child:read())) -- the other held its end of the pipe
  t.is_false(child:kill "TERM")
  t.is_false(process.alive(math.tointeger(tonumber(text)), child.started))
end)

t.test("what a child left behind can be ended, and is not listened to for ever", function()
  local child <close> = process.spawn { argv = { "sh", "-c", "sleep 61 & echo $!" } }
  local _, text = child:read()
  t.equal(child:wait(), 0)
  t.is_true(child:kill "KILL")
  t.is_nil((child:read()))
  local left = math.tointeger(tonumber(text))
  for _ = 1, 200 do
    if process.run { "sh", "-c", "kill -0 " .. left .. " 2>/dev/null && ! grep -q 'State:.Z' /proc/" .. left
      .. "/status" } ~= 0 then return end
    task.sleep(0.01)
  end
  t.fail("%d is still there", left)
end)

t.test("a closed child is killed and reaped", function()
  local pid, started
  do
    local child <close> = process.spawn { argv = { "sleep", "61" } }
    pid, started = child.pid, child.started
    t.is_true(process.alive(pid, started))
    t.is_false(process.alive(pid, "1"))
  end
  t.is_false(process.alive(pid, started))
end)

t.test("a child that cannot be started is an error that names it", function()
  t.match(t.raises(function() process.spawn { argv = { "no-such-program" } } end, "io").message, "no-such-program")
  t.raises(function() process.spawn { argv = { "true" }, dir = "/" } end, "argument")
end)

t.test("a child ends with its parent, and has the limits it was given", function()
  local program = process.program()
  local path = t.tmpdir() .. "/limited.lua"
  local file <close> = assert(io.open(path, "w"))
  file:write [[
    local process = require "perilune.c.process"
    process.end_with_parent(math.tointeger(tonumber(arg[1])))
    process.limit { cpu = 1, core = 0 }
    print "ready"
    while true do end
  ]]
  file:close()
  local child <close> = process.spawn { argv = { program, "run", path, tostring(process.pid()) } }
  t.equal({ child:wait() }, { 152, "XCPU" })
  local orphan <close> = process.spawn { argv = { program, "run", path, "1" } }
  t.match(all_of(orphan).stderr, "has ended")
end)

t.test("signals can be taken from the program's own handling", function()
  local path = t.tmpdir() .. "/signals.lua"
  local file <close> = assert(io.open(path, "w"))
  file:write [[
    local signals <close> = require "perilune.c.process".signals()
    print "ready"
    io.stdout:flush()
    for i = 1, 3 do print(signals:wait()) end
  ]]
  file:close()
  local child <close> = process.spawn { argv = { process.program(), "run", path } }
  child:read()
  for _, name in ipairs { "HUP", "INT", "TERM" } do
    child:kill(name)
    task.sleep(0.05)
  end
  t.equal(all_of(child).stdout, "HUP\nINT\nTERM\n")
  t.equal(child:wait(), 0)
end)
