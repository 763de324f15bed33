--- The playbooks of the repository, read with the real kinds.
local t = require "tests.support.spec"
local playbook = require "perilune.playbook"

local function labels(path, vars)
  local list = {}
  for i, resource in ipairs(playbook.load(path, { vars = vars }).resources) do
    list[i] = resource.kind.name .. " " .. resource.name
  end
  return list
end

t.test("the web tier declares as many servers as it is told", function()
  local wanted = { "tag_category tier", "folder web", "portgroup web", "vm web-01", "vm web-02", "vm web-03" }
  t.equal(labels "playbooks/web-tier.lua", wanted)
  t.equal(#labels("playbooks/web-tier.lua", { count = "5" }), 8)
  t.equal(#labels("playbooks/web-tier.lua", { count = "0" }), 3)
  t.raises(function() labels("playbooks/web-tier.lua", { count = "-1" }) end, "playbook.var")
end)

t.test("the web tier is read without a server", function()
  local declared = playbook.load("playbooks/web-tier.lua", { mode = "validate" })
  t.equal(declared.needs_server, {})
  t.equal(declared.owner, "examples/web-tier")
  t.equal({ declared.lookups[1].name, declared.lookups[2].name, #declared.lookups }, { "DC0_C0", "LocalDS_0", 2 })
  t.equal(declared.resources[4].transaction.name, "web tier")
end)

t.test("the web tier's resources refer to one another", function()
  local declared = playbook.load "playbooks/web-tier.lua"
  local targets = {}
  for _, reference in ipairs(playbook.references(declared.resources[4])) do
    targets[reference.path] = ("%s %s"):format(reference.target.kind.name, reference.target.name)
  end
  t.equal(targets, {
    folder = "folder web", pool = "cluster DC0_C0", datastore = "datastore LocalDS_0",
    ["nics[1].network"] = "portgroup web",
  })
end)

t.test("a folder that is declared is meant by its path, too", function()
  local directory = t.tmpdir()
  local file = assert(io.open(directory .. "/book.lua", "wb"))
  file:write 'vm "a" { folder = "/DC0/vm/web" }\nfolder "web" { path = "/DC0/vm/web" }'
  file:close()
  local declared = playbook.load(directory .. "/book.lua")
  t.is_true(playbook.handle.target(declared.resources[1].fields.folder) == declared.resources[2])
end)
