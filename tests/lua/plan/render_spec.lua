--- Plans as text.
local fixture = require "tests.lua.plan.fixture"
local render = require "perilune.plan.render"
local style = require "perilune.util.style"
local t = require "tests.support.spec"
local text = require "perilune.util.text"

local plain = style.new(false)

local function shown(plan, options)
  options = options or {}
  options.style, options.width = options.style or plain, options.width or 90
  return render.plan(plan, options)
end

local mixed = [[
lab  vcenter.lab.example  vSphere 8.0.3  as automation@vsphere.local
owner examples/web-tier

  transaction "web tier"                                                   web-tier.lua:20
+ vm "web-02" in /DC0/vm/web                                               web-tier.lua:28
      cpus   2
      disks  [1] 20 GiB thin   [2] 100 GiB thin
      mac    (known after apply)
~ vm "web-01" in /DC0/vm/web                                               web-tier.lua:28
      memory    2 GiB → 4 GiB      ! needs a reboot (hot-add is off)
      disks[2]  60 GiB → 100 GiB   online
      tags      + tier:web   - tier:db

  no longer declared
- vm "web-09" in /DC0/vm/web   ! deletes 2 disks, 120 GiB

Plan: 1 to add, 1 to change, 1 to destroy.  1 unchanged.  3 steps, 2 at once at most.
Refused by apply as it stands: 1 deletion, 1 reboot (--allow delete,reboot).
Read 5 requests, 0.3 s.
]]

local refusals = { { word = "delete", count = 1 }, { word = "reboot", count = 1 } }

t.test("shows each change with its fields, and what hurts where it hurts", function()
  t.equal(shown(fixture.mixed(), { refusals = refusals }), mixed)
end)

t.test("says the same with colours as without", function()
  local coloured = shown(fixture.mixed(), { refusals = refusals, style = style.new(true) })
  t.match(coloured, "\27[32m+\27[0m \27[1mvm \"web-02\"\27[0m in /DC0/vm/web")
  t.equal(coloured:gsub("\27%[[%d;]*m", ""), mixed)
end)

t.test("keeps to narrow terminals", function()
  for line in shown(fixture.mixed(), { refusals = refusals, width = 60 }):gmatch "[^\n]+" do
    local may_be_long = line:find "^lab " or line:find "^Plan:" or line:find "^Refused"
    t.is_true(may_be_long ~= nil or text.width(line) <= 60, line)
  end
end)

t.test("does not spread over wide terminals", function()
  t.equal(shown(fixture.mixed(), { width = 300 }), shown(fixture.mixed(), { width = 110 }))
end)

t.test("puts a note that does not fit under its value", function()
  t.match(shown(fixture.mixed(), { width = 48 }), [[
      memory    2 GiB → 4 GiB
                ! needs a reboot (hot-add is
                off)
]])
end)

local function named(names)
  local plan = fixture.many(#names)
  for i, name in ipairs(names) do plan.changes[i].name = name end
  return plan
end

t.test("shows four alike as one, with all their names", function()
  t.match(shown(named { "web", "db", "mail", "proxy-int", "proxy-ext" }, { width = 60 }), [[
+ 5 × vm in /DC0/vm/web                      web-tier.lua:28
      "web"   "db"   "mail"   "proxy-int"   "proxy-ext"
      cpus   2
]])
end)

t.test("shows names that count on as a range, and only those", function()
  t.match(shown(fixture.many(12)), '\n      "web-01" … "web-12"\n')
  local odd = named { "web-09", "web-10", "web-11", "web-13", "web-14", "db", "web-7", "web-08" }
  t.match(shown(odd), '"web-09" … "web-11"   "web-13"   "web-14"   "db"   "web-7"   "web-08"\n')
end)

t.test("shows three alike, and any number with -v, each in full", function()
  local _, three = shown(fixture.many(3)):gsub("\n%+ vm ", "")
  t.equal(three, 3)
  local _, twelve = shown(fixture.many(12), { verbose = true }):gsub("\n%+ vm ", "")
  t.equal(twelve, 12)
end)

t.test("keeps neighbours apart that differ in a field, a line or a hurt", function()
  local plan = fixture.many(8)
  plan.changes[3].fields[1].new = "4"
  plan.changes[5].where = { file = "web-tier.lua", line = 40 }
  plan.changes[7].hurts = { { word = "delete", text = "deletes a disk" } }
  t.is_nil(shown(plan):find "×")
end)

t.test("counts what stays as it is, and names it with -v", function()
  t.match(shown(fixture.settled()), "Nothing to do: 1 resource is as declared.\n")
  t.is_nil(shown(fixture.settled()):find('folder "web"', 1, true))
  t.match(shown(fixture.settled(), { verbose = true }), '= folder "web"\n')
end)

t.test("names what a destroy keeps and why", function()
  t.match(shown(fixture.kept(), { destroy = true }), [[
  kept
  folder "web"  it still holds or serves vm "stranger"

Nothing to destroy: 1 kept.
]])
end)

t.test("passes no control character of a server's names to the terminal", function()
  local plan = fixture.mixed()
  plan.changes[3].label = 'vm "web\27]0;owned\7"'
  plan.changes[2].fields[1].old = "\27[2J2 GiB\n"
  plan.target.product = "vSphere\r8"
  local page = shown(plan)
  t.is_nil(page:find "[\27\7\r]")
  t.match(page, 'vm "web\\x1b]0;owned\\x07"')
  t.match(page, "\\x1b[2J2 GiB\\n → 4 GiB")
end)

t.test("cuts a very long value, and says how much there is", function()
  local plan = fixture.mixed()
  plan.changes[1].fields[1].new = ("lorem ipsum "):rep(200)
  t.match(shown(plan), "… 2400 characters in all, -v shows them")
  t.is_nil(shown(plan, { verbose = true }):find "in all")
end)

t.test("marks what appears and what goes in an update", function()
  local plan = fixture.mixed()
  plan.changes[2].fields = { { path = "nics[2]", new = "vmxnet3 on web" }, { path = "disks[3]", old = "20 GiB" } }
  t.match(shown(plan), "nics[2]   + vmxnet3 on web\n")
  t.match(shown(plan), "disks[3]  - 20 GiB\n")
end)

t.test("aligns the signs where something is replaced", function()
  local plan = fixture.mixed()
  plan.changes[2].action = "replace"
  t.match(shown(plan), '\n+   vm "web-02"')
  t.match(shown(plan), '\n-/+ vm "web-01"')
end)
