--- What a person sees who sits at a terminal, and what a program sees that reads a pipe.
local json = require "perilune.c.json"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local PLAYBOOK = "playbooks/web-tier.lua"

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- Runs the program on a terminal of its own, where somebody types.
local function at_terminal(vc, typed, ...)
  local words = { os.getenv "PERILUNE" or "build/perilune", ... }
  for i, word in ipairs(words) do words[i] = quote(word) end
  local env = { TERM = "xterm", NO_COLOR = false }
  for name, value in pairs(vc.env) do
    if env[name] == nil then env[name] = value end
  end
  return t.command { "script", "-qec", table.concat(words, " "), "/dev/null", env = env, stdin = typed }
end

local function without_colours(text)
  return (text:gsub("\27%[[%d;]*m", ""))
end

--- The records of --json.
local function records(text)
  local list, types = {}, {}
  for line in text:gmatch "[^\n]+" do
    list[#list + 1] = json.decode(line)
    types[list[#list].type] = list[#list]
  end
  return list, types
end

t.test("asks before it changes anything; anything but yes is no", function()
  local vc = server.start()
  for _, answer in ipairs { "n\n", "\n", "yess\n", "\4" } do
    local result = at_terminal(vc, answer, "apply", PLAYBOOK)
    t.equal(result.status, 1)
    t.match(without_colours(result.stdout), "Apply these changes? [y/N]")
    t.match(result.stdout, "declined; nothing was done")
  end
  t.equal(vc:govc("find", "/DC0/vm", "-name", "web*"), "")
end)

t.test("applies after a yes, drawing what runs, and leaves only what stays", function()
  local vc = server.start()
  vc:rules { { method = "PowerOnVM_Task", action = { taskMs = 400 } } }
  local result = at_terminal(vc, "y\n", "apply", PLAYBOOK)
  t.equal(result.status, 0)
  local text = without_colours(result.stdout)
  t.find(text, "vm \"web%-0%d\" power on +%d+ %% ")
  t.find(text, "\27%[%d+A\r\27%[J")
  t.find(text, "✓ vm \"web%-03\" power on .*Applied: 6 added, 0 changed, 0 destroyed in ")
  t.match(result.stdout, "\27[32m+\27[0m")
end)

t.test("writes no escape and no question into a pipe, and says which flag answers", function()
  local vc = server.start()
  local result = vc:perilune("apply", PLAYBOOK)
  t.equal(result.status, 1)
  t.is_nil((result.stdout .. result.stderr):find "\27")
  t.match(result.stderr, "add -y (--yes)")
  t.is_nil(result.stderr:find("[y/N]", 1, true))
  t.equal(vc:govc("find", "/DC0/vm", "-name", "web*"), "")
end)

t.test("colours a pipe when told to, and no terminal when told not to", function()
  local vc = server.start()
  vc.env.NO_COLOR = nil
  t.match(vc:perilune("plan", PLAYBOOK, "--color=always").stdout, "\27[32m+")
  t.is_nil(at_terminal(vc, "", "plan", PLAYBOOK, "--no-color").stdout:find("\27[", 1, true))
end)

t.test("refuses what hurts by name, and tells the whole list of words to add", function()
  local vc = server.start()
  t.equal(vc:perilune("apply", PLAYBOOK, "-y").status, 0)
  local plan = vc:perilune("plan", PLAYBOOK, "-e", "count=1")
  t.match(plan.stdout, "Refused by apply as it stands: 2 deletions (--allow delete).")
  local result = vc:perilune("apply", PLAYBOOK, "-y", "-e", "count=1", "--allow", "reboot")
  t.equal(result.status, 1)
  t.match(result.stderr, "refused: 2 deletions; nothing was done")
  t.match(result.stderr, "--allow delete,reboot")
end)

t.test("tells with -v how much was asked of the server, and with -vv each request, but no secret", function()
  local vc = server.start()
  local result = vc:perilune("plan", PLAYBOOK, "-vv")
  t.find(result.stderr, "%d+ ms  200  RetrievePropertiesEx on PropertyCollector:")
  t.find(result.stderr, "\n%d+ requests after login %(%d SOAP, %d REST%)")
  t.is_nil((result.stdout .. result.stderr):find(vc.env.GOVC_PASSWORD .. "[^%w]"))
end)

t.test("gives plan, events and result as JSON, one object a line, and nothing else", function()
  local vc = server.start()
  local planned, types = records(vc:perilune("plan", PLAYBOOK, "--json").stdout)
  t.equal(planned[1].type, "version")
  t.equal({ types.summary.add, types.summary.refused }, { 6, {} })
  local result = vc:perilune("apply", PLAYBOOK, "-y", "--json")
  t.equal({ result.status, result.stderr }, { 0, "" })
  local applied
  applied, types = records(result.stdout)
  t.equal({ types.result.ok, types.result.added }, { true, 6 })
  local done = 0
  for _, record in ipairs(applied) do
    if record.event == "done" then done = done + 1 end
  end
  t.equal(done, types.run.steps)
end)

t.test("gives an error as JSON, too", function()
  local vc = server.start()
  local result = vc:perilune("plan", "/nonexistent.lua", "--json")
  local _, types = records(result.stdout)
  t.equal({ result.status, result.stderr, types.error.exit }, { 1, "", 1 })
end)
