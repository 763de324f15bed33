local server = require "tests.support.server"
local t = require "tests.support.spec"

t.test("the script makes snapshots of what runs, reports what does not, and reads a host", function()
  local lab = server.start { "-standalone-host", "0" }
  lab:govc("vm.power", "-off", "DC0_C0_RP0_VM1")
  local outcome = lab:perilune("run", "playbooks/imperative.lua", "-v")
  t.equal({ outcome.status, outcome.stderr:match "note:" }, { 0 })
  t.find(outcome.stdout, "^DC0_C0_RP0_VM1 is off, and would take %d+ MB\n1 snapshots in %d+ s\n")
  t.find(outcome.stdout, "/DC0/host/DC0_C0/DC0_C0_H0\tHostSystem:host%-%d+\tHostCpuInfo { hz = %d+, ")
  t.match(lab:govc("snapshot.tree", "-vm", "DC0_C0_RP0_VM0"), "before the change")
  t.equal(lab:govc("snapshot.tree", "-vm", "DC0_C0_RP0_VM1"), "")
  t.equal(lab:sessions(), 0)
end)

t.test("forty at a time share connections and one wait for updates", function()
  local lab = server.start { "-vm", "30" }
  local outcome = lab:perilune("run", "playbooks/imperative.lua", "DC0_H0_*")
  t.equal(outcome.status, 1) -- two hosts fit the path: said with both of them, after the work
  t.match(outcome.stdout, "30 snapshots")
  t.match(outcome.stderr, "/DC0/host/DC0_C0/DC0_C0_H0 (HostSystem:")
  t.match(outcome.stderr, "/DC0/host/DC0_H0/DC0_H0 (HostSystem:")
  local soap = lab:requests().soap
  t.equal({ soap.CreateSnapshot_Task, soap.CreatePropertyCollector, soap.Login }, { 30, 1, 1 })
end)

t.test("an argument that fits nothing is no error: there is nothing to do", function()
  local lab = server.start { "-standalone-host", "0" }
  local outcome = lab:perilune("run", "playbooks/imperative.lua", "nothing-*")
  t.equal(outcome.status, 0)
  t.match(outcome.stdout, "0 snapshots")
end)
