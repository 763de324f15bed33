--- Playbooks that use what only the server knows as plain values, while they are read.
local server = require "tests.support.server"
local t = require "tests.support.spec"

local function playbook(text)
  local path = t.tmpdir() .. "/play.lua"
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local HOSTS = [[
local hosts = cluster("DC0_C0").hosts
output("hosts", #hosts)
output("first", hosts[1].name)
for i, host in ipairs(hosts) do
  output("datastores " .. i, host.datastores[1].name)
  portgroup("on-" .. host.name) { hosts = { host }, vlan = i }
end
]]

t.test("lists are loops and lengths, their elements handles, sorted by name", function()
  local result = server.start():perilune("plan", playbook(HOSTS))
  t.equal(result.status, 2, result.stderr)
  t.match(result.stdout, '+ portgroup "on-DC0_C0_H2" on DC0_C0_H2')
  t.match(result.stdout, "Plan: 3 to add, 0 to change, 0 to destroy.")
  t.match(result.stdout, "output hosts = 3\noutput first = DC0_C0_H0\noutput datastores 1 = LocalDS_0\n")
end)

t.test("asking for them costs no reads besides the plan's own", function()
  local vc = server.start()
  local function reads(text)
    local said = vc:perilune("plan", playbook(text)).stdout
    return t.find(said, "Read (%d+) requests?")
  end
  t.equal(reads(HOSTS), reads 'portgroup "p" { hosts = cluster("DC0_C0").hosts, vlan = 1 }')
end)

t.test("validate says which line needs the server, and that reading stopped there", function()
  local path = playbook(HOSTS)
  local result = t.command { "build/perilune", "validate", path }
  t.equal(result.status, 0, result.stderr)
  t.match(result.stdout, path .. ":2: needs a server")
end)

t.test("a server that cannot be had is told without the line that needed it first", function()
  local path = playbook(HOSTS)
  local result = t.command {
    "build/perilune", "plan", path, env = { PERILUNE_URL = "https://user:pass@127.0.0.1:1/sdk" },
  }
  t.equal(result.status, 4)
  t.find(result.stderr, "^cannot connect to 127.0.0.1:1")
end)
