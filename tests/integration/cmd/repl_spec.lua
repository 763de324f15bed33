--- The shell against a simulated vCenter: at a terminal, as a script's reader, and as `perilune eval`.
local json = require "perilune.c.json"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"
local terminal = require "tests.support.terminal"

local PORTGROUP = [[portgroup "web" { vlan = 120, hosts = cluster("DC0_C0").hosts }]]

local function write(path, content)
  local file = assert(io.open(path, "wb"))
  file:write(content)
  assert(file:close())
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local content = file:read "a"
  file:close()
  return content
end

--- A home with a target "lab", which is the server.
local function with_target(vc)
  local home = t.tmpdir()
  os.execute(("mkdir -p %s/.config/perilune"):format(home))
  write(home .. "/.config/perilune/targets.lua", ([[
target "lab" { url = %q, user = %q, password = secret.env "LAB_PASSWORD", ca_file = %q }
]]):format(vc.env.GOVC_URL, vc.env.GOVC_USERNAME, vc.ca_file))
  return {
    HOME = home, LAB_PASSWORD = vc.env.GOVC_PASSWORD, NO_COLOR = "1",
    XDG_CONFIG_HOME = false, XDG_STATE_HOME = false,
  }
end

local function at_prompt(env, options)
  options = options or {}
  local screen = terminal.start {
    "build/perilune", "repl", "--target", "lab", env = env,
    columns = options.columns or 100, rows = options.rows or 40,
  }
  screen:wait_line "lab>"
  return screen
end

--- Types a line, waits for the next prompt, and gives the lines that came between.
local function enter(screen, line)
  local before = #screen:all()
  screen:send(line .. "\r")
  screen:await("the prompt after " .. line, function(seen)
    return #seen.above + seen.row > before and seen.lines[seen.row] == "lab>"
  end)
  local all = screen:all()
  return table.move(all, before + 1, #all - 1, 1, {})
end

--- Runs lines as a script.
local function script(vc, lines, ...)
  local command = { "build/perilune", "repl", ... }
  command.env, command.stdin = vc and vc.env or { HOME = t.tmpdir() }, table.concat(lines, "\n")
  return t.command(command)
end

local function eval(vc, ...)
  return vc:perilune("eval", ...)
end

local function records(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do list[#list + 1] = json.decode(line) end
  return list
end

t.test("goes through a session: handles, rows, a call that is waited for, a change that is planned", function()
  local vc = server.start()
  vc:govc("object.rename", "/DC0/vm/DC0_H0_VM0", "web-01")
  vc:govc("object.rename", "/DC0/vm/DC0_H0_VM1", "web-02")
  vc:govc("vm.power", "-off", "web-01", "web-02")
  vc:govc("vm.change", "-vm", "web-01", "-c", "2", "-m", "4096", "-e", "SET.guest.ipAddress=10.0.0.14")
  vc:govc("vm.power", "-on", "web-01")
  t.equal(script(vc, { PORTGROUP, "apply { yes = true }" }).status, 0)
  vc:rules { { method = "PowerOnVM_Task", action = { taskMs = 1200 } } }
  local screen = at_prompt(with_target(vc))
  t.find(screen:all()[1], "^Perilune %S+ · lab · vSphere 8%.0%.%d +help%(%) · doc \"word\" · Ctrl%-D ends$")
  t.equal(enter(screen, 'w = vm "web-01"'), {})
  t.find(enter(screen, "w")[1], "^VirtualMachine web%-01 %(vm%-%d+%)   on  2 cpus  4 GiB  10%.0%.0%.14  DC0_H0$")
  local rows = enter(screen, 'vc:rows{ type = "VirtualMachine", props = { "name", "runtime.powerState" }, '
    .. 'where = { name = "web-*" } }')
  t.equal(table.move(rows, #rows - 3, #rows - 1, 1, {}), {
    "name    runtime.powerState", "web-01  poweredOn", "web-02  poweredOff",
  })
  t.find(rows[#rows], "^2 rows, 1 request, %d+ ms$")
  screen:send "_[2].ref:PowerOnVM_Task():await()\r"
  screen:await("the task's progress", function(seen)
    return seen.lines[seen.row]:find "^%S+ web%-02 PowerOnVM_Task  %d+ %%$"
  end)
  screen:wait "TaskInfo success in 1."
  t.equal(vc:govc("object.collect", "-s", "vm/web-02", "runtime.powerState"), "poweredOn")
  t.equal(enter(screen, 'portgroup "web" { vlan = 130 }'), {})
  t.equal(enter(screen, "plan()"), {
    '~ portgroup "web" on 3 hosts of DC0_C0  vlan 120 → 130', "Plan: 0 to add, 1 to change, 0 to destroy.",
  })
  screen:send "\4"
  t.equal(screen:wait_end(), 0)
  t.equal(vc:sessions(), 0)
end)

t.test("asks the server no more to start than the plan of an empty playbook does", function()
  local vc = server.start()
  local path = t.tmpdir() .. "/empty.lua"
  write(path, "-- nothing\n")
  vc:perilune("plan", path)
  local planned = vc:requests().total
  vc:reset_requests()
  t.equal(script(vc, { "1 + 1" }).stdout, "2\n")
  local started = vc:requests()
  t.is_true(started.total <= planned, ("%d requests; plan sends %d"):format(started.total, planned))
  t.is_nil(started.soap.RetrievePropertiesEx)
end)

t.test("is a shell without a server where none is configured, and says so", function()
  local result = script(nil, { "vc", 'vm "x" { memory = "1GiB" }', ":target" })
  t.equal({ result.status, result.stdout }, { 0, "nil\nnot connected\n" })
  t.match(script(nil, { 'vm "x" { memory = "1GiB" }', "plan()" }).stdout, "the shell is not connected to a server")
  t.equal(script(nil, {}, "--target", "nowhere").status, 1)
end)

t.test("reads a script: whole chunks, results, and the first error with its line ends it", function()
  local result = script(nil, {
    "local n = 20", "function twice(x)", "  return 2 * x", "end", "twice(n) + 2", "_ + 1, 'a'", "_2", "missing.x", "99",
  })
  t.equal(result.status, 1)
  t.match(result.stdout, '42\n43\n"a"\n"a"\nstdin:8: attempt to index a nil value (global \'missing\')')
  t.is_nil(result.stdout:find "99")
  t.equal(script(nil, { "if x then" }).status, 1)
  t.equal(script(nil, { "os.exit(7)", "1" }).status, 7)
end)

t.test("waits inside coroutines of the user's own", function()
  local result = script(nil, {
    "function ticks(n) return coroutine.wrap(function() for i = 1, n do sleep(0.01) coroutine.yield(i) end end) end",
    "for i in ticks(3) do print(i) end",
  })
  t.equal({ result.status, result.stdout }, { 0, "1\n2\n3\n" })
end)

t.test("tells the error of a background task, and lets the others run on", function()
  local result = script(nil, {
    "a = spawn(function() sleep(0.02) print 'still here' end)", "b = spawn(function() error 'broken' end)",
    "sleep(0.05)", "1 + 1",
  })
  t.equal(result.status, 1)
  t.match(result.stdout, "task 2 failed: stdin:2: broken")
  t.match(result.stdout, "still here\n2\n")
end)

t.test("plans the change of a field of what exists, applies it when told so, and nothing else", function()
  local vc = server.start()
  local lines = { 'w = vm "DC0_H0_VM0"', 'w.annotation = "by hand"', "w.annotation", "plan()" }
  local result = script(vc, lines)
  t.equal(result.stdout:match "^(.-\n.-)\n",
    '"by hand"\n~ vm "DC0_H0_VM0" in /DC0/vm          annotation "" → "by hand"')
  lines[#lines + 1] = "apply()"
  result = script(vc, lines)
  t.equal(result.status, 1)
  t.match(result.stdout, "there is no terminal to ask on; nothing was done")
  lines[#lines] = "apply { yes = true }"
  t.equal(script(vc, lines).status, 0)
  t.equal(vc:govc("object.collect", "-s", "vm/DC0_H0_VM0", "config.annotation"), "by hand")
end)

t.test("names the nearest method of what a handle stands for", function()
  local result = script(server.start(), { 'w = vm "DC0_H0_VM0"', "w:PowerOfVM_Task()" })
  t.equal(result.status, 1)
  t.match(result.stderr .. result.stdout, 'VirtualMachine has no method "PowerOfVM_Task"')
  t.match(result.stderr .. result.stdout, 'did you mean "PowerOffVM_Task"?')
end)

t.test("tells all mistakes of a declaration, at their places", function()
  local result = script(nil, { "x = 1", 'vm "a" { memry = "1GiB", cpus = "two" }' })
  t.equal(result.status, 1)
  t.match(result.stdout, 'stdin:2: vm "a": unknown field "memry"; did you mean "memory"?')
  t.match(result.stdout, "cpus: expected a whole number")
end)

t.test("saves a playbook that is valid and plans the same, and loads it again", function()
  local vc = server.start()
  local path = t.tmpdir() .. "/saved.lua"
  local declared = {
    'playbook "docs/shell"', 'hosts = cluster("DC0_C0").hosts',
    'transaction("net", function() portgroup "web" { vlan = 12, hosts = hosts } end)',
    'defaults { annotation = "made here" }', 'w = vm "DC0_H0_VM0"', "w.cpus = 2", 'output("answer", 42)',
  }
  local lines = { table.unpack(declared) }
  lines[#lines + 1] = "plan()"
  lines[#lines + 1] = ":save " .. path
  local shown = script(vc, lines)
  t.equal(shown.status, 0, shown.stdout)
  t.equal(vc:perilune("validate", path).status, 0)
  local planned = vc:perilune("plan", path, "--json")
  local by_type = {}
  for _, record in ipairs(records(planned.stdout)) do by_type[record.type] = record end
  t.match(shown.stdout, ("Plan: %d to add, %d to change, %d to destroy."):format(
    by_type.summary.add, by_type.summary.change, by_type.summary.destroy))
  t.equal(by_type.summary.add + by_type.summary.change, 2)
  local again = script(vc, { ":load " .. path, "plan()", ":save " .. path .. ".again" })
  t.equal(again.stdout:match "Plan:.-\n", shown.stdout:match "Plan:.-\n")
  t.equal(read(path .. ".again"), read(path))
end)

t.test("shows requests and times, with :trace and :time", function()
  local vc = server.start()
  local result = script(vc, { ":trace", ":time", 'vc:rows { type = "Datacenter" }' })
  t.find(result.stdout, "%d+ ms  200  RetrievePropertiesEx on PropertyCollector")
  t.find(result.stdout, "\n1 request, %d+ ms\n$")
  t.is_nil(result.stdout:find(vc.env.GOVC_PASSWORD, 1, true))
end)

t.test("asks before it applies at a terminal; anything but yes is no", function()
  local vc = server.start()
  local screen = at_prompt(with_target(vc))
  enter(screen, 'w = vm "DC0_H0_VM0"')
  enter(screen, 'w.annotation = "asked"')
  screen:send "apply()\r"
  screen:wait_line "Apply these changes? [y/N]"
  screen:send "\r"
  screen:wait "declined; nothing was done"
  screen:send "apply()\r"
  screen:await("the question again", function(seen)
    return seen.lines[seen.row] == "Apply these changes? [y/N]"
  end)
  screen:send "y\r"
  screen:wait "Applied: 0 added, 1 changed, 0 destroyed"
  t.equal(vc:govc("object.collect", "-s", "vm/DC0_H0_VM0", "config.annotation"), "asked")
end)

t.test("continues an unfinished chunk, and drops it with Ctrl-C", function()
  local screen = at_prompt(with_target(server.start()))
  screen:send "function f(x)\r"
  screen:wait_line " .."
  screen:send "return x * 2 end\r"
  screen:wait_line "lab>"
  t.equal(enter(screen, "f(21)"), { "42" })
  screen:send "x = {\r"
  screen:wait_line " .."
  screen:send "\3"
  screen:wait_line "lab>"
  t.equal(enter(screen, "x"), { "nil" })
end)

t.test("prints what goes on in the background above what is being typed", function()
  local screen = at_prompt(with_target(server.start()))
  enter(screen, "j = spawn(function() for i = 1, 5 do sleep(0.1) print('tick', i) end end)")
  screen:send "1 + "
  screen:wait "tick    5"
  screen:wait_line "lab> 1 +"
  t.equal(enter(screen, "1"), { "2" })
end)

t.test("asks before leaving at the second Ctrl-C, and leaves at a yes", function()
  local vc = server.start()
  local screen = at_prompt(with_target(vc))
  screen:send "\3"
  screen:wait_line "lab>"
  screen:send "\3"
  screen:wait_line "Leave the shell? [y/N]"
  screen:send "n\r"
  screen:wait_line "lab>"
  screen:send "\3"
  screen:await("a prompt once more", function(seen) return seen.row > 4 and seen.lines[seen.row] == "lab>" end)
  screen:send "\3"
  screen:wait_line "Leave the shell? [y/N]"
  screen:send "y\r"
  t.equal(screen:wait_end(), 0)
  t.equal(vc:sessions(), 0)
end)

t.test("drops a Ctrl-D that comes while a line runs", function()
  local screen = at_prompt(with_target(server.start()))
  screen:send "print 'begun' sleep(0.6)\r"
  screen:wait_line ""
  screen:send "\4"
  screen:wait_line "lab>"
  t.equal(enter(screen, "1 + 1"), { "2" })
end)

t.test("says at Ctrl-D that tasks go on, and ends them at the second", function()
  local screen = at_prompt(with_target(server.start()))
  enter(screen, "j = spawn(sleep, 1000)")
  screen:send "\4"
  screen:wait "1 task goes on behind the prompt; Ctrl-D again ends it"
  screen:send "\4"
  t.equal(screen:wait_end(), 0)
end)

t.test("keeps a history across runs, without lines that have secrets, for its owner only", function()
  local vc = server.start()
  local env = with_target(vc)
  local screen = at_prompt(env)
  enter(screen, "answer = 42")
  enter(screen, "password = 'open sesame'")
  enter(screen, ("x = %q"):format(vc.env.GOVC_PASSWORD))
  screen:send "\4"
  screen:wait_end()
  local path = env.HOME .. "/.local/state/perilune/history"
  local kept = read(path)
  t.match(kept, "answer = 42")
  t.is_nil(kept:find "sesame")
  t.is_nil(kept:find(vc.env.GOVC_PASSWORD, 1, true))
  t.equal(t.command({ "stat", "-c", "%a", path }).stdout, "600\n")
  screen = at_prompt(env)
  screen:send "\27[A"
  screen:wait_line "lab> answer = 42"
end)

t.test("eval prints as the prompt does, connects only when it must, and tells by its exit code", function()
  local vc = server.start()
  t.equal(eval(vc, "1 + 1, 'a'").stdout, '2\n"a"\n')
  t.is_nil(vc:requests().soap.Login)
  t.find(eval(vc, 'vc:rows { type = "Datacenter" }').stdout, "^name\nDC0\n1 row, %d+ requests?, ")
  t.find(eval(vc, 'vm "DC0_H0_VM0"').stdout, "^VirtualMachine DC0_H0_VM0 %(vm%-%d+%)")
  t.equal(eval(vc, "x = 5").stdout, "")
  t.equal(eval(vc, "nothing.x").status, 1)
  t.equal(eval(vc, "1 +").status, 1)
  t.equal(vc:sessions(), 0)
  vc.env.GOVC_URL = "https://127.0.0.1:1/sdk"
  t.equal(eval(vc, "vc").status, 4)
  t.equal(eval(vc, "vc", "--json").status, 4)
end)

t.test("eval --json writes one record a value, and one a row", function()
  local vc = server.start()
  local list = records(eval(vc, "{ a = { 1, 2 } }, true", "--json").stdout)
  t.equal({ list[1].type, list[1].command }, { "version", "eval" })
  t.equal({ list[2], list[3] }, { { type = "value", value = { a = { 1, 2 } } }, { type = "value", value = true } })
  list = records(eval(vc, 'vc:rows { type = "VirtualMachine", props = { "name", "runtime.host" } }', "--json").stdout)
  t.equal(#list, 5)
  t.equal(list[2].type, "row")
  t.find(list[2].ref, "^VirtualMachine:vm%-")
  t.find(list[2].values["runtime.host"], "^HostSystem:host%-")
  list = records(eval(vc, "nothing.x", "--json").stdout)
  t.equal({ list[2].type, list[2].code, list[2].exit }, { "error", "lua", 1 })
end)

t.test("tells once that the server is away, and goes on with the same objects when it is back", function()
  local vc = server.start { lasting = true }
  local screen = at_prompt(with_target(vc))
  enter(screen, 'w = vc:find_one "/DC0/vm/DC0_H0_VM0"')
  enter(screen, "seen = {}")
  enter(screen, "j = spawn(function() for c in vc:watch { objects = { w }, props = { 'config.annotation' } } do "
    .. "seen[#seen + 1] = c.new['config.annotation'] end end)")
  local saved = vc:save()
  vc:kill()
  screen:send "w\r"
  screen:wait "the server cannot be reached"
  vc:restart(saved)
  screen:wait "VirtualMachine DC0_H0_VM0 (vm-"
  vc:govc("vm.change", "-vm", "DC0_H0_VM0", "-annotation", "after")
  screen:wait_line "lab>"
  enter(screen, "timeout(15, function() while seen[#seen] ~= 'after' do sleep(0.05) end end)")
  t.equal(enter(screen, "seen[#seen]"), { '"after"' })
  local told = 0
  for _, line in ipairs(screen:all()) do
    if line:find("the server cannot be reached", 1, true) then told = told + 1 end
  end
  t.equal(told, 1)
end)

t.test("cuts a long result at a terminal, and more() goes on", function()
  local screen = at_prompt(with_target(server.start()), { rows = 60 })
  enter(screen, "list = {} for i = 1, 80 do list[i] = ('a text that takes a line of its own: %d'):format(i) end")
  local shown = enter(screen, "list")
  t.equal(shown[#shown], "… 32 lines more; more() shows them")
  shown = enter(screen, "more()")
  t.equal({ shown[1], shown[#shown] }, { '  "a text that takes a line of its own: 50",', "}" })
end)

t.test("takes fifty pasted lines as one chunk", function()
  local screen = at_prompt(with_target(server.start()), { rows = 70 })
  local lines = { "sum = 0" }
  for i = 1, 48 do lines[#lines + 1] = ("sum = sum + %d"):format(i) end
  lines[#lines + 1] = "print('sum', sum)"
  screen:paste(table.concat(lines, "\n"))
  screen:send "\r"
  screen:wait "sum     1176"
  screen:wait_line "lab>"
end)

t.test("writes no escape codes to a dumb terminal", function()
  local env = with_target(server.start())
  env.TERM = "dumb"
  local screen = at_prompt(env)
  t.equal(enter(screen, "sleep(0.6)"), {})
  t.equal(enter(screen, "1 + 1"), { "2" })
  t.is_nil(screen:written():find "\27")
end)

t.test("goes over to another target, and keeps what was declared", function()
  local one, other = server.start(), server.start { "-dc", "1" }
  local home = one.env.HOME
  os.execute(("mkdir -p %s/.config/perilune"):format(home))
  write(home .. "/.config/perilune/targets.lua", ([[
target "other" { url = %q, user = "user", password = secret.env "LAB_PASSWORD", ca_file = %q }
]]):format(other.env.GOVC_URL, other.ca_file))
  one.env.LAB_PASSWORD, one.env.XDG_CONFIG_HOME = other.env.GOVC_PASSWORD, false
  local result = script(one, { 'w = vm "DC0_H0_VM0"', 'w.annotation = "x"', ":target other", "vc.name", ":show" })
  t.equal(result.status, 0)
  t.match(result.stdout, '"other"\nvm "DC0_H0_VM0" {\n  annotation = "x",\n}')
  t.equal({ one:sessions(), other:sessions() }, { 0, 0 })
end)

t.test("Ctrl-C ends the line that runs, and the request in flight, but nothing else", function()
  local vc = server.start()
  vc:rules { { method = "CurrentTime", action = { delayMs = 60000 } } }
  local screen = at_prompt(with_target(vc))
  enter(screen, "j = spawn(sleep, 1000)")
  local presses = { ["while true do pcall(sleep, 1) end"] = 2 } -- it swallows the first
  for _, line in ipairs {
    "vc:current_time()", "while true do end", "while true do pcall(sleep, 1) end", "sleep(1000)",
    "coroutine.wrap(function() while true do end end)()", "coroutine.wrap(function() sleep(1000) end)()",
  } do
    local before = #screen:all()
    screen:send("print 'begun' " .. line .. "\r")
    screen:await("the line to begin", function(seen)
      return seen.lines[seen.row - 1] == "begun" or seen.lines[seen.row] == "begun"
    end)
    for _ = 1, presses[line] or 1 do
      task.sleep(0.3)
      screen:send "\3"
    end
    screen:await("the prompt after " .. line, function(seen)
      local all = screen:all()
      return seen.lines[seen.row] == "lab>" and table.concat(all, "\n", before + 1):find "interrupted"
    end)
    enter(screen, "x = 1")
  end
  t.equal(enter(screen, "1 + 1"), { "2" })
  t.equal(enter(screen, "j:status()"), { '"waiting"' })
end)

t.test("logs out when it is told to end", function()
  local vc = server.start()
  local screen = at_prompt(with_target(vc))
  enter(screen, "x = 1")
  screen:signal "TERM"
  t.equal(screen:wait_end(), 130)
  t.is_true(screen:seen().tty.icanon)
  t.equal(vc:sessions(), 0)
end)
