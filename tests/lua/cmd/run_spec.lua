local t = require "tests.support.spec"

--- Writes a script into a directory of its own.
---@return string path, string directory
local function script(text)
  local directory = t.tmpdir()
  local file = assert(io.open(directory .. "/script.lua", "w"))
  file:write(text)
  file:close()
  return directory .. "/script.lua", directory
end

local function run(text, ...)
  return t.command { "build/perilune", "run", script(text), ... }
end

--- Starts a script that writes "ready" and then waits; signals it.
local function interrupted(text, signal)
  local program = t.background { "build/perilune", "run", (script(text)) }
  program:wait_for "ready"
  program:signal(signal or "INT")
  return program
end

t.test("a script gets its arguments and gives its exit code", function()
  local result = run('print(arg[0] ~= nil, arg[1], ...) return 7', "a", "b")
  t.equal(result.stdout, "true\ta\ta\tb\n")
  t.equal(result.status, 7)
  t.equal(run("return true").status, 0)
end)

t.test("the words of scopes are globals, io and os are there", function()
  local result = run [[
    print(table.concat(parallel(2, { 1, 2 }, function(x) sleep(0) return x end)), all { os.time } ~= nil)
    print(race { function() return "won" end }, timeout(60, function() return "in time" end))
    spawn(function() io.write "spawned\n" end):join()
  ]]
  t.equal(result.stdout, "12\ttrue\nwon\tin time\nspawned\n")
  t.equal(result.stderr, "")
end)

t.test("require finds our modules, files beside the script, and files under the current directory", function()
  local path, directory = script [[
    print(require "helper".name, require "perilune.err" ~= nil, require "tests.support.spec")
  ]]
  local file = assert(io.open(directory .. "/helper.lua", "w"))
  file:write 'return { name = "helper" }'
  file:close()
  local result = t.command { "build/perilune", "run", path }
  t.find(result.stdout, "^helper\ttrue\t{")
end)

t.test("bytecode is not loaded, not even on request", function()
  local result = run [[
    print(string.dump, load("\27Lua", "x", "b"))
    print(pcall(require, "ffi"))
    print(package.loadlib, package.cpath)
  ]]
  t.match(result.stdout, "nil\tnil\tattempt to load a binary chunk")
  t.match(result.stdout, "nil\t\n")
end)

t.test("a Lua error names file and line, and exits 1", function()
  local result = run "local nothing\n\nprint(nothing.field)"
  t.equal(result.status, 1)
  t.find(result.stderr, "^[^\n]*script%.lua:3: attempt to index a nil value %(local 'nothing'%)\n$")
end)

t.test("an error several calls deep lists the script's own frames", function()
  local result = run "local function inner() error 'deep' end\nlocal function outer() inner() end\nouter()"
  t.find(result.stderr, "script%.lua:1: deep\n    [^\n]*script%.lua:1: in [^\n]*\n    [^\n]*script%.lua:2:")
  t.is_nil(result.stderr:find "stdlib/")
end)

t.test("a syntax error names file and line, and exits 1", function()
  local result = run "local x = 1\n\nreturn )"
  t.equal(result.status, 1)
  t.find(result.stderr, "script%.lua:3: unexpected symbol near '%)'")
end)

t.test("a script that is not there is said to be missing", function()
  local result = t.command { "build/perilune", "run", "/nowhere/script.lua" }
  t.equal(result.status, 1)
  t.match(result.stderr, "cannot open /nowhere/script.lua: No such file or directory")
end)

t.test("an unhandled error of a spawned task ends the script", function()
  local result = run 'spawn(function() error "lost" end) sleep(60)'
  t.equal(result.status, 1)
  t.match(result.stderr, "lost")
end)

t.test("os.exit unwinds: handlers run, and may wait", function()
  local result = run [[
    local x <close> = setmetatable({}, { __close = function() sleep(0) print "closed" end })
    spawn(function() os.exit(5) end)
    sleep(60)
  ]]
  t.equal(result.stdout, "closed\n")
  t.equal(result.status, 5)
  t.equal(run("os.exit(false)").status, 1)
  t.equal(run("os.exit()").status, 0)
end)

t.test("tasks that wait for each other are told of, with their lines", function()
  local result = run [[
    local task = require "perilune.c.task"
    spawn(function()
      task.park()
    end)
    task.park()
  ]]
  t.equal(result.status, 1)
  t.match(result.stderr, "every task waits for another")
  t.match(result.stderr, "a task waits at")
  t.match(result.stderr, "script.lua:3")
  t.match(result.stderr, "script.lua:5")
end)

t.test("an error in a finalizer is a warning", function()
  local result = run [[ setmetatable({}, { __gc = function() error "late" end }) collectgarbage() print "on" ]]
  t.equal(result.stdout, "on\n")
  t.match(result.stderr, "perilune: warning: ")
  t.match(result.stderr, "late")
end)

t.test("a raw task that fails unseen is a warning", function()
  local result = run [[
    require "perilune.c.task".spawn(error, "unseen")
    sleep(0)
  ]]
  t.match(result.stderr, "unseen")
end)

t.test("Ctrl-C cancels the script, handlers run and may wait, exit 130", function()
  local result = interrupted([[
    local x <close> = setmetatable({}, { __close = function() sleep(0.01) print "closed" end })
    print "ready" io.flush() sleep(60)
  ]]):wait()
  t.equal(result.stdout, "ready\nclosed\n")
  t.equal(result.status, 130)
  t.match(result.stderr, "interrupted by Ctrl-C")
end)

t.test("so do SIGTERM and SIGHUP", function()
  for _, name in ipairs { "TERM", "HUP" } do
    local result = interrupted('print "ready" io.flush() sleep(60)', name):wait()
    t.equal(result.status, 130)
    t.match(result.stderr, "interrupted by SIG" .. name)
  end
end)

t.test("Ctrl-C reaches every task, however deep, and each unwinds", function()
  local result = interrupted([[
    local function closing(name)
      return setmetatable({}, { __close = function() sleep(0) print(name) io.flush() end })
    end
    local a <close> = closing "outermost"
    parallel(2, { 1, 2 }, function()
      all { function() local b <close> = closing "inner" print "ready" io.flush() sleep(60) end }
    end)
  ]]):wait()
  t.equal(result.stdout:gsub("ready\n", ""), "inner\ninner\noutermost\n")
  t.equal(result.status, 130)
end)

t.test("Ctrl-C during a wait inside pcall is an error that the script sees", function()
  local result = interrupted([[
    print "ready" io.flush()
    local ok, e = pcall(sleep, 60)
    print(ok, e.code)
    error(e)
  ]]):wait()
  t.equal(result.stdout, "ready\nfalse\ttask.interrupted\n")
  t.equal(result.status, 130)
end)

t.test("Ctrl-C during the wait of a <close> handler interrupts that wait, and the others follow", function()
  local result = interrupted([[
    local a <close> = setmetatable({}, { __close = function() sleep(0) print "second" end })
    local b <close> = setmetatable({}, { __close = function()
      print "ready" io.flush() sleep(60)
    end })
  ]]):wait()
  t.equal(result.stdout, "ready\nsecond\n")
  t.equal(result.status, 130)
end)

t.test("Ctrl-C ends a script that never waits", function()
  local result = interrupted([[
    local x <close> = setmetatable({}, { __close = function() sleep(0) print "closed" end })
    print "ready" io.flush() while true do end
  ]]):wait()
  t.equal(result.stdout, "ready\nclosed\n")
  t.equal(result.status, 130)
end)

t.test("a second Ctrl-C ends the program at once", function()
  local program = interrupted [[
    print "ready" io.flush() pcall(sleep, 60)
    print "again" io.flush() sleep(60)
  ]]
  program:wait_for "again"
  program:signal "INT"
  local result = program:wait()
  t.equal(result.stdout, "ready\nagain\n")
  t.equal(result.status, 130)
end)

-- Tasks in scopes in tasks, that wait for one another in every way there is; ready once so many handlers are due.
local BUSY = [[
  local channel = require "perilune.util.channel"
  local err = require "perilune.err"
  local scope = require "perilune.util.scope"
  local permits, values = require "perilune.util.semaphore".new(3), channel.new(2)
  local opened, closed, due = 0, 0, tonumber(arg[1])
  local function resource()
    opened = opened + 1
    if opened == due then io.write "ready\n" io.flush() end
    return setmetatable({}, { __close = function()
      scope.shield(function() sleep(0.001) closed = closed + 1 end)
    end })
  end
  local last <close> = setmetatable({}, { __close = function() print(opened - closed) end })
  local function work()
    local held <close> = resource()
    permits:with(sleep, 0.001)
    local ok, e = pcall(timeout, 0.001, function()
      local inner <close> = resource()
      sleep(0.002)
    end)
    if not ok and not err.has(e, "task.timeout") then error(e, 0) end
    race { function() local inner <close> = resource() sleep(0.001) return 1 end, function() sleep(0.002) end }
  end
  all {
    function() while true do values:send(1) end end,
    function() for _ in values:each() do work() end end,
    function() while true do parallel(5, { 1, 2, 3, 4, 5, 6, 7 }, work) end end,
  }
]]

t.test("whenever Ctrl-C comes, whatever was opened is closed", function()
  local path = script(BUSY)
  for due = 1, 120, 7 do
    local program = t.background { "build/perilune", "run", path, tostring(due) }
    program:wait_for "ready"
    program:signal "INT"
    local result = program:wait()
    t.equal(result.stdout, "ready\n0\n")
    t.equal(result.status, 130, result.stderr)
  end
end)
