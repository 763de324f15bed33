local t = require "tests.support.spec"
local err = require "perilune.err"
local playbook = require "perilune.playbook"
local reading = require "tests.lua.playbook.reading"
local task = require "perilune.c.task"

local load, mistakes = reading.load, reading.mistakes

t.test("references to what the server knows are left to the plan", function()
  local resolve, asked = reading.server()
  local declared = load([[
    local c = cluster "C"
    portgroup "a" { hosts = c.hosts }
    portgroup "b" { hosts = { c.hosts[1], host "x" } }
  ]], { resolve = resolve })
  t.equal(asked, {})
  local hosts = playbook.deferred.record(declared.resources[1].fields.hosts)
  t.equal({ hosts.key, hosts.kind, hosts.list }, { "hosts", "host", true })
  local first = playbook.deferred.record(declared.resources[2].fields.hosts[1])
  t.equal({ first.key, first.kind, first.list }, { 1, "host", false })
end)

t.test("a plain use asks for all pending lookups in one batch, and waits", function()
  local resolve, asked = reading.server()
  local declared = load([[
    local c, d = cluster "C", cluster "D"
    folder "f" { path = "/f" }
    for _, h in ipairs(c.hosts) do vm("on-" .. h.name) { annotation = tostring(#c.hosts), host = nil } end
    output("second", c.hosts[2].name)
    output("none", c.hosts[3])
    output("note", c.note .. "!")
  ]], { resolve = resolve })
  t.equal(#asked, 1)
  t.equal({ asked[1][1].name, asked[1][2].name, asked[1][3] }, { "C", "D" })
  t.equal({ asked[1][1].needed, asked[1][2].needed }, { true })
  t.equal(declared.resources[2].name, "on-esx-1")
  t.equal(declared.resources[3].fields.annotation, "2")
  t.equal(declared.outputs, { second = "esx-2", note = "production!" })
end)

t.test("objects from the server are handles, with attributes of their own", function()
  local resolve, asked = reading.server()
  local declared = load([[
    local c = cluster "C"
    local first
    for i, h in ipairs(c.hosts) do first = first or h end
    portgroup "a" { hosts = { first } }
    output("version", first.version .. "")
    output("ds", first.datastores[1].name .. "")
  ]], { resolve = resolve })
  local lookup = playbook.handle.target(declared.resources[1].fields.hosts[1])
  t.equal({ lookup.name, lookup.path, lookup.kind.name }, { "esx-1", "/DC0/host/C/esx-1", "host" })
  t.equal(declared.outputs, { version = "8.0.3", ds = "ds-1" })
  t.equal({ #asked, asked[2][1].name }, { 2, "esx-1" })
  t.equal(#declared.lookups, 1)
end)

t.test("every way of using a value sees what it stands for", function()
  local resolve = reading.server()
  local declared = load([[
    local c = cluster "C"
    local names = {}
    for i, h in pairs(c.hosts) do names[i] = tostring(h) end
    output("pairs", table.concat(names, ","))
    output("unpack", select("#", table.unpack(c.hosts)))
    output("format", string.format("%s", c.note))
    output("method", c.note:upper())
    output("less", c.note < "q")
    output("text", tostring(c.note))
    output("list", tostring(c.hosts))
    output("next", next(c.hosts))
    output("each", #each(c.hosts, { pnics = {} }))
    output("map", each(c.hosts, function(h, i) return i .. h.name end)[2])
    output("host", each(c.hosts, { x = 1 })[1].host.name)
    output("same", c.hosts[1] == c.hosts[1])
  ]], { resolve = resolve })
  t.equal(declared.outputs, {
    pairs = 'host "esx-1",host "esx-2"', unpack = 2, format = "production", method = "PRODUCTION",
    less = true, text = "production", list = '{ host "esx-1", host "esx-2" }', next = 1, each = 2,
    map = "2esx-2", host = "esx-1", same = true,
  })
end)

t.test("a plain field takes the value from the server", function()
  local resolve, asked = reading.server()
  local declared = load('vm "a" { annotation = cluster("C").note }', { resolve = resolve })
  t.equal(declared.resources[1].fields.annotation, "production")
  t.equal(#asked, 1)
end)

t.test("validate names the lines that need a server, and reads on where it can", function()
  local declared = load([[
    vm "a" { annotation = cluster("C").note }
    vm "b" {}
    for _, h in ipairs(cluster("C").hosts) do vm(h.name) {} end
    vm "never" {}
  ]], { mode = "validate" })
  t.equal(#declared.resources, 2)
  local lines = declared.needs_server
  t.equal({ lines[1].line, lines[2].line, #lines }, { 1, 3, 2 })
  t.equal(declared.stopped.line, 3)
end)

t.test("nothing is asked of a server once there is a mistake", function()
  local resolve, asked = reading.server()
  local e = t.raises(function()
    local text = 'vm "a" { memry = 1 }\nlocal n = #cluster("C").hosts\nvm "b" { memry = 1 }'
    load(text, { resolve = resolve })
  end, "playbook.mistakes")
  t.equal(asked, {})
  t.equal(#e.mistakes, 1)
  t.match(e.detail, "book.lua:2 needs the server")
end)

t.test("an unknown attribute offers the nearest, and reading goes on", function()
  t.equal(mistakes [[
local c = cluster "C"
portgroup "a" { hosts = c.hots }
local x = c.hosts.name
local y = c.hosts[0]
local z = c.hosts[1].verson.deeper[3]
local w = c[1]
vm "b" { memry = 1, nics = { { network = c.netwrk }, {} } }
]], {
    '2: cluster "C" has no attribute "hots"; did you mean "hosts"?',
    '3: "hosts" is a list; it has no "name"; take one of them: hosts[1].name',
    '4: "hosts" is a list; it has no [0]; lists begin at 1',
    '5: a host has no attribute "verson"; did you mean "version"?',
    '6: cluster "C" has no attribute [1]; a cluster has: hosts, name, note, pool',
    '7: vm "b": unknown field "memry"; did you mean "memory"?',
    '7: cluster "C" has no attribute "netwrk"; a cluster has: hosts, name, note, pool',
    '7: vm "b": nics[2]: needs a network',
  })
end)

t.test("what hangs from a mistake is no further mistake", function()
  t.equal(mistakes 'for _, h in ipairs(cluster("C").hots) do vm(h.name) {} end', {
    '1: cluster "C" has no attribute "hots"; did you mean "hosts"?',
  })
end)

t.test("fields of what is declared above are as written", function()
  local declared = load [[
    local f = folder "web" { path = "/DC0/vm/web" }
    local v = vm "a" { memory = "4GiB", folder = f, extra = { a = "b" } }
    output("path", f.path) output("name", f.name) output("cpus", v.cpus) output("memory", v.memory)
    vm "b" { memory = v.memory, cpus = v.cpus, folder = v.folder, extra = v.extra }
    output("not given", tostring(v.annotation))
    output("default", vm("b").disks)
    local d = vm "d" {}
    vm "e" { memory = d.memory }
  ]]
  t.equal(declared.outputs, {
    path = "/DC0/vm/web", name = "web", cpus = 1, memory = "4GiB", ["not given"] = "nil", default = {},
  })
  t.equal(declared.resources[3].fields.memory, 4 << 30)
  t.is_true(playbook.handle.target(declared.resources[3].fields.folder) == declared.resources[1])
  t.equal(declared.resources[5].fields.memory, 1 << 30)
end)

t.test("what is known only after apply is a reference, never a plain value", function()
  local declared = load 'local v = vm "a" {}\noutput("ip", v.ip)\nportgroup "p" { hosts = { v.host } }'
  t.is_true(playbook.deferred.is(declared.outputs.ip))
  t.is_true(playbook.deferred.is(declared.resources[2].fields.hosts[1]))
  local text = 'vm "a" { annotation = vm("b" ){}.ip }\nlocal x = vm("b").ip .. ""'
  t.equal(mistakes(text, { resolve = error }), {
    '1: vm "a": annotation: vm "b" is declared here; its value is known only after apply',
    '2: vm "b" is declared here; its "ip" is known only after apply; '
      .. "use it in a field that refers to a resource, not as a plain value",
  })
end)

t.test("a field read before its resource is declared, or of a lookup, is a mistake", function()
  t.equal(mistakes 'vm "a" { folder = vm("b").folder }\nvm "b" {}', {
    '1: "folder" of vm "b" is read before it is declared; move the declaration above this line',
  })
  t.equal(mistakes 'vm "a" { folder = vm("b").folder }', {
    '1: vm "b" is only looked up; it has no attribute "folder"',
  })
end)

t.test("handles and their values cannot be changed", function()
  t.equal(mistakes 'local c = cluster "C"\nc.hosts = {}\nc.hosts[1] = 1\nvm("a").cpus = 2', {
    "2: what a name stands for cannot be changed here; give its fields in the body of its declaration",
    "3: what a name stands for cannot be changed here; give its fields in the body of its declaration",
    "4: what a name stands for cannot be changed here; give its fields in the body of its declaration",
  })
  t.match(mistakes('table.insert(cluster("C").hosts, 1)')[1],
    "1: table.insert cannot change what the server gave")
end)

t.test("an error of the server passes as it is", function()
  local raised = err.new { code = "vim.not_found", message = "no cluster" }
  local e = t.raises(function()
    load('local n = #cluster("C").hosts', { resolve = function() error(raised, 0) end })
  end, "vim.not_found")
  t.is_true(e == raised)
  t.is_nil(e.excerpt)
end)

t.test("a playbook can catch an error of the server, and go on", function()
  local calls = 0
  local declared = load([[
    local ok, e = pcall(function() return #cluster("C").hosts end)
    output("ok", ok)
    output("message", e.message)
  ]], {
    resolve = function()
      calls = calls + 1
      err.raise { code = "vim.not_found", message = "no cluster" }
    end,
  })
  t.equal({ calls, declared.outputs.ok, declared.outputs.message }, { 1, false, "no cluster" })
end)

t.test("a cancelled task is not held back by pcall", function()
  local reached = false
  local reader = task.spawn(function()
    load('pcall(function() return #cluster("C").hosts end) output("x", 1) error("went on")', {
      resolve = function() task.sleep(60) end,
    })
    reached = true
  end)
  task.sleep(0)
  reader:cancel(err.new { code = "task.cancelled", message = "enough" })
  local ok, e = reader:join()
  t.is_false(ok)
  t.equal(e.code, "task.cancelled")
  t.is_false(reached)
end)

t.test("where Lua cannot wait, a value must have been read before", function()
  local resolve = reading.server()
  for _, text in ipairs {
    'local g = coroutine.wrap(function() return #cluster("C").hosts end)\ng()',
    'local x = "a"\nlocal s = ("%s"):format(cluster("C").hosts)',
    'local x = "a"\nlocal s = x:gsub("a", function() return cluster("C").hosts[1].name .. "" end)',
  } do
    t.match(mistakes(text, { resolve = resolve })[1], 'of cluster "C" cannot be waited for here')
  end
  t.equal(load([[
    local c = cluster "C"
    local names = {}
    for i, h in ipairs(c.hosts) do names[i] = h.name end
    table.sort(names, function(a, b) return a > b end)
    output("names", ("%s %s"):format(names[1], c.note))
  ]], { resolve = resolve }).outputs.names, "esx-2 production")
end)
