--- Tab in a real terminal, connected to a server. Each list is what the screen shows.
local server = require "tests.support.server"
local t = require "tests.support.spec"
local terminal = require "tests.support.terminal"

local function start(lab)
  local env = { NO_COLOR = "1" }
  for name, value in pairs(lab.env) do env[name] = value end
  local screen = terminal.start { "build/perilune", "repl", columns = 100, rows = 24, env = env }
  screen:await("a prompt", function(seen) return seen.lines[seen.row]:find "> *$" end)
  return screen
end

--- The prompt's line up to the cursor, without the prompt.
local function typed(screen)
  local seen = screen:seen()
  return (seen.lines[seen.row]:gsub("^%S*> ?", ""))
end

local function wait_typed(screen, wanted)
  screen:await(("%q at the prompt"):format(wanted), function() return typed(screen) == wanted end)
end

local function clear(screen)
  screen:send "\5\21" -- to the end, then drop all before
  wait_typed(screen, "")
end

t.test("completes methods, fields, enumerations, paths, kinds, globals and commands", function()
  local lab = server.start { "-vm", "2" }
  local screen = start(lab)
  screen:send 'w = vm "DC0_H0_VM0"\r'
  wait_typed(screen, "")
  for _, case in ipairs {
    { "w:Powe\tnV\t", "w:PowerOnVM_Task" },
    { "w:ReconfigV\tspec = { numCP\t2, memoryM\t", "w:ReconfigVM_Task{ spec = { numCPUs = 2, memoryMB =" },
    { 'w:ReconfigV\tspec = { deviceChange = { { operation = "a\t',
      'w:ReconfigVM_Task{ spec = { deviceChange = { { operation = "add' },
    { 'w:get("config.har\t.numCP\t', 'w:get("config.hardware.numCPU' },
    { 'vm "x" { mem\t', 'vm "x" { memory =' },
    { "portg\t", "portgroup" },
    { ":trac\t", ":trace" },
    { ":load ./stdl\t", ":load ./stdlib/" },
    { "?vm.Recon\t", "?vm.ReconfigVM_Task" },
  } do
    screen:send(case[1])
    wait_typed(screen, case[2])
    clear(screen)
  end
end)

t.test("lists what there is, and fills in what all of it begins with", function()
  local lab = server.start { "-vm", "2" }
  local screen = start(lab)
  screen:send "vm('x'):Powe\t"
  wait_typed(screen, "vm('x'):PowerO")
  screen:wait "PowerOffVM_Task  () → Task"
  screen:wait "PowerOnVM_Task   { host? } → Task"
  clear(screen)
  screen:send "vm('x'):Ps\t"
  screen:send "y"
  wait_typed(screen, "vm('x'):Psy")
end)

t.test("reads names of live objects behind the prompt, once, and lists them at the next Tab", function()
  local lab = server.start { "-vm", "2" }
  local screen = start(lab)
  lab:reset_requests()
  screen:send 'vm "DC0_H\t'
  screen:wait "names are being read; Tab again shows them"
  screen:await("the names", function(seen)
    screen:send "\t"
    return table.concat(seen.lines, "\n"):find "DC0_H0_VM0 +DC0_H0_VM1"
  end)
  wait_typed(screen, 'vm "DC0_H0_VM')
  screen:send '1", host "DC0_C0_\t'
  wait_typed(screen, 'vm "DC0_H0_VM1", host "DC0_C0_H')
  clear(screen)
  screen:send "datastore 'Loc\t"
  wait_typed(screen, "datastore 'LocalDS_0")
  t.equal(lab:requests().soap.RetrievePropertiesEx, 1)
end)

t.test("knows what results hold, and what became of them", function()
  local lab = server.start { "-vm", "2" }
  local screen = start(lab)
  screen:send 'vc:rows{ type = "VirtualMachine", props = { "name" }, where = { name = "*H0*" } }\r'
  screen:wait "2 rows"
  screen:send "_[2].ref:PowerOf\t"
  wait_typed(screen, "_[2].ref:PowerOffVM_Task()")
  screen:send ":aw\t)\r"
  screen:wait "success"
  screen:send "_.desc\t"
  wait_typed(screen, "_.descriptionId")
  clear(screen)
  screen:send 'vc:find_one{ type = "HostSys\t", na\t"DC0_C0_H0" }:EnterM\t'
  wait_typed(screen, 'vc:find_one{ type = "HostSystem", name = "DC0_C0_H0" }:EnterMaintenanceMode_Task{')
end)

t.test("knows the lines of a chunk that is not finished, and what locals hold", function()
  local lab = server.start { "-vm", "1" }
  local screen = start(lab)
  screen:send "local tab = { alpha = { beta = 1 } }\r"
  screen:await("the next prompt", function(seen)
    local before = seen.row > 1 and seen.lines[seen.row - 1] or ""
    return before:find("beta = 1 } }", 1, true) and seen.lines[seen.row]:find "> *$"
  end)
  screen:send "tab.al\t.be\t"
  wait_typed(screen, "tab.alpha.beta")
  clear(screen)
  screen:send "for _, h in ipairs(cluster('DC0_C0').hosts) do\r"
  screen:await("a prompt for more", function(seen) return seen.lines[seen.row]:find "^ +%.%.$" end)
  screen:send "h:EnterM\t"
  screen:wait "h:EnterMaintenanceMode_Task{"
  screen:send "}\rend\3"
end)
