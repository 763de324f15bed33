local t = require "tests.support.spec"
local err = require "perilune.err"
local playbook = require "perilune.playbook"
local reading = require "tests.lua.playbook.reading"

local load, mistake, mistakes = reading.load, reading.mistake, reading.mistakes

local BOOK = [[
playbook "team/web"
local app = cluster "C"
local tier = folder "web" { path = "/DC0/vm/web" }
local web = portgroup "web" { hosts = app.hosts, vlan = 120 }
for i = 1, 2 do
  vm(("web-%02d"):format(i)) {
    folder = tier, pool = app.pool, memory = "4GiB",
    disks = { { size = "20GiB" } },
    nics = { { network = web } },
    after = { web }, ignore = { "annotation" },
  }
end
output("count", 2)
]]

t.test("a playbook becomes resources and lookups, in the order of the file", function()
  local declared = load(BOOK)
  local seen = {}
  for i, resource in ipairs(declared.resources) do
    seen[i] = ("%s %s %d"):format(resource.kind.name, resource.name, resource.where.line)
  end
  t.equal(seen, { "folder web 3", "portgroup web 4", "vm web-01 6", "vm web-02 6" })
  t.equal(#declared.lookups, 1)
  t.equal({ declared.lookups[1].kind.name, declared.lookups[1].name, declared.lookups[1].where.line },
    { "cluster", "C", 2 })
  t.equal(declared.owner, "team/web")
  t.equal(declared.owner_where.line, 1)
  t.equal(declared.outputs, { count = 2 })
  t.equal(declared.needs_server, {})
end)

t.test("fields are checked, filled with defaults, and known as written or not", function()
  local vm = load(BOOK).resources[3]
  t.equal(vm.fields.memory, 4 << 30)
  t.equal(vm.fields.disks, { { size = 20 << 30, thin = true } })
  t.equal(vm.fields.cpus, 1)
  t.equal(vm.given, { folder = true, pool = true, memory = true, disks = true, nics = true })
  t.equal(vm.ignore, { annotation = true })
  t.is_false(vm.absent)
  t.is_false(vm.protect)
end)

t.test("handles are bound to what is declared here, or else to the lookup", function()
  local declared = load(BOOK)
  local folder, group, vm = declared.resources[1], declared.resources[2], declared.resources[3]
  t.is_true(playbook.handle.target(vm.fields.folder) == folder)
  t.is_true(playbook.handle.target(vm.fields.nics[1].network) == group)
  t.equal(playbook.handle.kind_of(vm.fields.folder), "folder")
  local record = playbook.deferred.record(vm.fields.pool)
  t.is_true(playbook.handle.target(record.of) == declared.lookups[1])
  t.equal({ record.key, record.kind, record.list }, { "pool", "resource_pool", false })
  local found = {}
  for i, reference in ipairs(playbook.references(vm)) do
    found[i] = reference.path .. " " .. reference.target.kind.name
  end
  t.equal(found, { "folder folder", "nics[1].network portgroup", "pool cluster", "after[1] portgroup" })
end)

t.test("a name without a body binds to a declaration further down", function()
  local declared = load 'vm "a" { folder = folder "web" }\nfolder "web" { path = "/x" }'
  t.is_true(playbook.handle.target(declared.resources[1].fields.folder) == declared.resources[2])
  t.equal(declared.lookups, {})
end)

t.test("a text in a field binds by name, by another kind's name and by a folder's path", function()
  local declared = load [[
    vm "a" { folder = "web", nics = { { network = "front" }, { network = "VM Network" } } }
    vm "b" { folder = "/DC0/vm/web" }
    folder "web" { path = "/DC0/vm/web" }
    portgroup "front" {}
  ]]
  local target, a, b = playbook.handle.target, declared.resources[1].fields, declared.resources[2].fields
  t.is_true(target(a.folder) == declared.resources[3])
  t.is_true(target(b.folder) == declared.resources[3])
  t.is_true(target(a.nics[1].network) == declared.resources[4])
  t.equal(playbook.handle.kind_of(a.nics[1].network), "portgroup")
  t.equal(#declared.lookups, 1)
  t.is_true(target(a.nics[2].network) == declared.lookups[1])
  t.equal({ declared.lookups[1].kind.name, declared.lookups[1].where.line }, { "network", 1 })
  local place, excerpt = declared.lookups[1].locate()
  t.equal(place.line, 1)
  t.match(excerpt, "VM Network")
end)

t.test("one mistake is raised by itself, with place, excerpt and the nearest name", function()
  local text = 'vm "web-01" {\n  memry = "4GiB",\n}'
  local e = mistake(text, "playbook.field")
  t.equal(e.message, 'vm "web-01": unknown field "memry"')
  t.equal(e.hint, 'did you mean "memory"?')
  t.equal(reading.marked(text, e.where), "memry")
  t.equal(e.excerpt, '    2 |   memry = "4GiB",\n      |   ^^^^^')
  t.match(err.format(e), 'book.lua:2: vm "web-01": unknown field "memry"; did you mean "memory"?\n    2 |')
end)

t.test("all mistakes of a file are told at once, in its order", function()
  t.equal(mistakes [[
vm "a" { disks = { { size = "1GiB" }, { size = "20 gigs" } } }
vm "b" { cpus = 100, power = "onn" }
folder "c" {}
cluster "d" { x = 1 }
vm "e" { disks = { { thin = true } }, nics = { { netwrk = "x" } }, extra = { ["a.b"] = 1 } }
]], {
    '1: vm "a": disks[2].size: "20 gigs" is no size; write "20GiB" (or KiB, MiB, TiB)',
    '2: vm "b": cpus: 100 is more than 64',
    '2: vm "b": power: "onn" is not one of "on", "off"; did you mean "on"?',
    '3: folder "c": field "path" is required',
    '4: cluster "d" cannot be declared: a cluster is only looked up; use it without a body: cluster "d"',
    '5: vm "e": disks[1]: field "size" is required',
    '5: vm "e": nics[1]: unknown field "netwrk"; did you mean "network"?',
    '5: vm "e": extra["a.b"]: expected a string, got 1',
  })
end)

t.test("several mistakes end with their number, and that nothing was done", function()
  local e = t.raises(function() load 'vm "a" { x = 1, y = 2 }' end, "playbook.mistakes")
  t.equal(#e.mistakes, 2)
  t.find(err.format(e), "\n2 mistakes; nothing was read or changed%.$")
end)

t.test("what a loop repeats at one place is told once", function()
  t.equal(mistakes 'for i = 1, 3 do vm("a" .. i) { memry = 1, cpus = 100 * i } end', {
    '1: vm "a1": unknown field "memry"; did you mean "memory"?',
    '1: vm "a1": cpus: 100 is more than 64',
    '1: vm "a2": cpus: 200 is more than 64',
    '1: vm "a3": cpus: 300 is more than 64',
  })
end)

t.test("a table from elsewhere is reported for each resource that got it", function()
  t.equal(#mistakes 'local spec = { memry = 1 }\nfor i = 1, 2 do vm("a" .. i)(spec) end', 2)
end)

t.test("a resource declared twice names both lines", function()
  local e = mistake('vm "a" {}\n\nvm "a" {}', "playbook.duplicate")
  t.equal(e.where.line, 3)
  t.match(e.message, "book.lua:1")
  e = mistake('local a = vm "a" {}\na { cpus = 1 }', "playbook.duplicate")
  t.equal(e.where.line, 2)
  t.match(e.message, "has a body already")
end)

t.test("two resources of one name may differ in what their kind says", function()
  local declared = load [[
    local one, two = folder "x" { path = "/x" }, folder "y" { path = "/y" }
    vm "a" { folder = one }
    vm "a" { folder = two }
  ]]
  t.equal(#declared.resources, 4)
  local e = mistake([[
    local one, two = folder "x" { path = "/x" }, folder "y" { path = "/y" }
    vm "a" { folder = one }
    vm "a" { folder = two }
    vm "b" { after = { vm "a" } }
  ]], "playbook.duplicate")
  t.equal(e.where.line, 4)
  t.match(e.message, "could be any of")
end)

t.test("resources that wait for each other are shown as a cycle", function()
  local e = mistake([[
local b = vm "b"
local a = vm "a" { after = { b } }
b { after = { vm "c" } }
vm "c" { after = { a } }
]], "playbook.cycle")
  t.match(e.message, 'vm "a" → vm "b" → vm "c" → vm "a"')
  t.equal(e.where.line, 2)
  t.match(e.detail, 'book.lua:4: vm "c" names vm "a" in after[1]')
  e = mistake('folder "x" { path = "/x", parent = "x" }', "playbook.cycle")
  t.match(e.message, 'folder "x" waits for itself')
end)

t.test("every separate cycle is told", function()
  local e = t.raises(function()
    load [[
      for _, n in ipairs { "a", "b" } do
        vm(n) { after = { vm(n .. "2") } }
        vm(n .. "2") { after = { vm(n) } }
      end
    ]]
  end, "playbook.mistakes")
  t.equal(#e.mistakes, 2)
end)

t.test("an absent resource needs no fields, and common fields are checked", function()
  local declared = load 'folder "a" { absent = true, protect = false }'
  t.is_true(declared.resources[1].absent)
  t.equal(mistakes 'vm "a" { absent = "yes", protec = true, ignore = { "memry" }, after = { "b" } }', {
    '1: vm "a": absent: expected true or false, got "yes"',
    '1: vm "a": unknown field "protec"; did you mean "protect"?',
    '1: vm "a": ignore[1]: a vm has no field "memry"; did you mean "memory"?',
    '1: vm "a": after[1]: expected what a name gives; write after = { folder "web" }',
  })
end)

t.test("a field of a wrong kind offers the attribute that would do", function()
  t.equal(mistakes [[
local c = cluster "C"
vm "a" { pool = c, folder = c.hosts[1], nics = { { network = c.hosts } } }
]], {
    '2: vm "a": pool: expected a resource_pool, got cluster "C"; write cluster("C").pool',
    '2: vm "a": folder: expected a folder, got a host',
    '2: vm "a": nics[1].network: expected a network or a portgroup, got a list of hosts; '
      .. "take one of them: hosts[1]",
  })
end)

t.test("names are texts that are not empty, and the body comes after them", function()
  t.equal(mistakes 'vm ""\nvm(5)\nvm { cpus = 1 }\nvm("a", { cpus = 1 })\nvm "b" "c"', {
    '1: a vm needs a name that is not empty; write vm "name" { … }',
    '2: a vm needs a text as its name, got number; write vm "name" { … }',
    '3: a vm needs a name before its body; write vm "name" { … }',
    '4: vm "a": the body does not belong in these parentheses; write vm(name) { … }',
    '5: vm "b": expected a table of fields, got string; write vm "b" { … }',
  })
end)

t.test("defaults fill the fields that a kind has, and are checked where they stand", function()
  local declared = load 'defaults { cpus = 4, path = "/x" }\nvm "a" {}\nvm "b" { cpus = 2 }\nfolder "c" {}'
  t.equal({ declared.resources[1].fields.cpus, declared.resources[2].fields.cpus }, { 4, 2 })
  t.equal(declared.resources[1].given, { cpus = true })
  t.equal(declared.resources[3].fields.path, "/x")
  t.equal(mistakes 'defaults {\n  cpus = 100,\n  memry = 1,\n}\nvm "a" {}\nvm "b" {}', {
    '2: vm "a": cpus: 100 is more than 64',
    '3: defaults: no kind has a field "memry"; did you mean "memory"?',
  })
end)

t.test("a syntax error points at the token", function()
  local text = 'local x = {\n  a = b\n  b = b }'
  local e = mistake(text, "playbook.syntax")
  t.equal(e.where.line, 3)
  t.equal({ e.where.column, e.where.length }, { 3, 1 })
  t.match(e.message, "'}' expected")
  t.match(e.excerpt, "    1 | local x = {\n    3 |   b = b }\n      |   ^")
  e = mistake("local x = 1 + + 2 + + 3", "playbook.syntax")
  t.equal(e.where.column, 15)
  e = mistake("transaction('x', function()\n", "playbook.syntax")
  t.match(e.excerpt, "    1 | transaction")
  mistake('local x = "abc\n', "playbook.syntax")
  mistake("\27Lua", "playbook.syntax")
end)

t.test("an error of Lua shows the lines around it, and the playbook's own frames", function()
  local text = 'local function name(of)\n  return of.name.first\nend\n\nlocal x = name {}\nreturn x'
  local e = mistake(text, "playbook.error")
  t.equal(e.message, "attempt to index a nil value (field 'name')")
  t.equal(e.where.line, 2)
  t.equal(reading.marked(text, e.where), "name")
  t.equal(e.excerpt, table.concat({
    "    1 | local function name(of)",
    "    2 |   return of.name.first",
    "      |             ^^^^",
    "    3 | end",
  }, "\n"))
  t.match(e.traceback, "book.lua:2: in")
  t.match(e.traceback, "book.lua:5: in main chunk")
  t.is_nil(err.format(e):find "stdlib")
end)

t.test("errors that a playbook raises itself have its place", function()
  t.equal(mistakes 'error("no good")', { "1: no good" })
  t.equal(mistakes '\nerror("no good", 0)', { "2: no good" })
  t.equal(mistakes 'assert(false, "must be")', { "1: must be" })
  t.equal(mistakes 'error { 1 }', { "1: error(…) was called with a table" })
  t.equal(mistakes 'error()', { "1: error(nil) was called" })
  t.match(mistakes('("x"):rep(1, 2, {}, string.rep(1))')[1], "1: bad argument")
end)

t.test("mistakes before an error of Lua are told with it", function()
  t.equal(mistakes 'vm "a" { x = 1 }\nlocal y = nil + 1\nvm "b" { z = 1 }', {
    '1: vm "a": unknown field "x"',
    "2: attempt to perform arithmetic on a nil value",
  })
end)

t.test("a file that is not there is an error that names it", function()
  local e = t.raises(function() playbook.load("/nowhere/book.lua", { kinds = reading.kinds }) end, "io")
  t.match(e.message, "/nowhere/book.lua")
end)

t.test("a first line for the shell and a byte order mark are passed over", function()
  t.equal(mistakes "\239\187\191#!/usr/bin/env perilune\nvm(5)", {
    '2: a vm needs a text as its name, got number; write vm "name" { … }',
  })
end)

t.test("a resource tells where its fields stand", function()
  local text = 'vm "a" {\n  disks = { { size = "1GiB" } },\n}'
  local where, excerpt = load(text).resources[1].locate "disks[1].size"
  t.equal(reading.marked(text, where), '"1GiB"')
  t.match(excerpt, "^^^^^^")
end)

t.test("nothing is shared between what a playbook wrote and what was declared", function()
  local declared = load [[
    local disks = { { size = "1GiB" } }
    vm "a" { disks = disks }
    disks[1].size = "2GiB"
    vm "b" { disks = disks }
  ]]
  t.equal(declared.resources[1].fields.disks[1].size, 1 << 30)
  t.equal(declared.resources[2].fields.disks[1].size, 2 << 30)
end)
