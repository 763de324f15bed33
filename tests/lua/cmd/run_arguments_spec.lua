--- perilune run.
local t = require "tests.support.spec"

local function script(content)
  local path = t.tmpdir() .. "/script.lua"
  local file = assert(io.open(path, "w"))
  assert(file:write(content))
  assert(file:close())
  return path
end

local show = 'print(arg[0]:match "[^/]+$", #arg, table.concat(arg, ","), select("#", ...))'

local function run(content, ...)
  return t.command { "build/perilune", "run", script(content), ... }
end

t.test("gives the script every word that is no option of run", function()
  t.equal(run(show, "a", "-v", "--long").stdout, "script.lua\t3\ta,-v,--long\t3\n")
  t.equal(run(show, "--count", "3").stdout, "script.lua\t2\t--count,3\t2\n")
  t.equal(run(show).stdout, "script.lua\t0\t\t0\n")
end)

t.test("takes its own options before the script and right after it", function()
  t.equal(run(show, "-t", "lab", "a", "-t").stdout, "script.lua\t2\ta,-t\t2\n")
  t.equal(run(show, "--target=lab", "-vv", "--", "-v").stdout, "script.lua\t1\t-v\t1\n")
  local result = t.command { "build/perilune", "run", "-p", "4", script(show), "x" }
  t.equal(result.stdout, "script.lua\t1\tx\t1\n")
end)

t.test("refuses an option it does not know before the script", function()
  local result = t.command { "build/perilune", "run", "--tarket", "lab", script(show) }
  t.equal(result.status, 1)
  t.match(result.stderr, "--target")
end)

t.test("ends with the integer that the script returns", function()
  t.equal(run("return 7").status, 7)
  t.equal(run("return true").status, 0)
  t.equal(run("error 'no'").status, 1)
end)

t.test("gives the script log, json and the words of tasks", function()
  local result = run [[
    log.info("found", { vm = "web\27", count = 2 })
    print(json.encode(parallel(2, { 1, 2 }, function(n) return n * 2 end)))
  ]]
  t.equal(result.stdout, "[2,4]\n")
  t.equal(result.stderr, "info: found  count=2  vm=web\\x1b\n")
end)

t.test("asks for a target only when the script asks for a server", function()
  local home = t.tmpdir()
  local result = t.command {
    "build/perilune", "run", script "vcenter()", cwd = home,
    env = { HOME = home, XDG_CONFIG_HOME = false, PERILUNE_URL = false, GOVC_URL = false, VSPHERE_SERVER = false },
  }
  t.equal(result.status, 1)
  t.match(result.stderr, "target")
end)
