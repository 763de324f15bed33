--- Names of live objects for completion, read from a server in the background.
local complete = require "perilune.shell.complete"
local names = require "perilune.shell.names"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local function texts(found)
  local list = {}
  for i, item in ipairs(found.items) do list[i] = item.text end
  return list
end

t.test("reads the names of all kinds in one request, when the first is wanted", function()
  local lab = server.start { "-vm", "3" }
  lab:govc("vm.create", "-on=false", "-m", "32", "-net", "VM Network", "-ds", "LocalDS_0", "-pool",
    "/DC0/host/DC0_C0/Resources", 'a "b"/c')
  lab:govc("folder.create", "/DC0/vm/web", "/DC0/vm/web/tier 1")
  local cache = names.open(lab:connect())
  lab:reset_requests()
  t.equal(lab:requests().total, 0)
  t.equal(cache:find({ "vm" }, "DC0", 10), { items = {}, prefix = "", pending = true })
  t.is_true(cache:wait())
  t.equal(lab:requests().total, 1)
  t.equal(texts(cache:find({ "vm" }, "DC0_C0", 10)), { "DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1", "DC0_C0_RP0_VM2" })
  t.equal(texts(cache:find({ "vm" }, "a", 10)), { 'a "b"/c' })
  t.equal(cache:find({ "vm" }, "DC0_C0", 2),
    { items = { { text = "DC0_C0_RP0_VM0" }, { text = "DC0_C0_RP0_VM1" } }, more = 1, prefix = "DC0_C0_RP0_VM" })
  t.equal(texts(cache:find({ "cluster" }, "", 10)), { "DC0_C0" })
  t.equal(texts(cache:find({ "network", "portgroup" }, "VM ", 10)), { "VM Network" })
  t.equal(texts(cache:find({ "datastore" }, "Lo", 10)), { "LocalDS_0" })
  t.equal(texts(cache:find({ "folder" }, "/DC0/vm", 10)), { "/DC0/vm", "/DC0/vm/web", "/DC0/vm/web/tier 1" })
  t.equal(lab:requests().total, 1)
  cache:close()
end)

t.test("says that names are on their way, and has them at the next Tab", function()
  local lab = server.start { "-vm", "2" }
  local cache = names.open(lab:connect())
  local completer = complete.open { names = cache }
  local text = 'vm "DC0_H0'
  t.is_true(completer:at(text, #text).pending)
  cache:wait()
  local answer = completer:at(text, #text)
  t.equal(texts(answer), { "DC0_H0_VM0", "DC0_H0_VM1" })
  t.equal({ answer.from, answer.pending }, { 4, nil })
  cache:close()
end)

t.test("serves the old names while they are read again, after a time", function()
  local lab = server.start { "-vm", "1" }
  local cache = names.open(lab:connect())
  cache:wait()
  lab:govc("folder.create", "/DC0/vm/new")
  lab:reset_requests()
  t.equal(cache:find({ "folder" }, "/DC0/vm/", 5).items, {})
  t.equal(lab:requests().total, 0)
  cache.read_at = cache.read_at - 3600
  t.equal(cache:find({ "folder" }, "/DC0/vm/", 5), { items = {}, prefix = "" })
  cache:wait()
  t.equal(texts(cache:find({ "folder" }, "/DC0/vm/", 5)), { "/DC0/vm/new" })
  cache:close()
end)

t.test("offers only what a connection has and takes", function()
  local lab = server.start { "-vm", "1" }
  local vc = lab:connect()
  local completer = complete.open { env = function(name) return name == "vc" and vc or nil end }
  local function offered(text)
    return texts(completer:at(text, #text))
  end
  t.is_true(#offered "vc:" > 15)
  for _, name in ipairs(offered "vc:") do t.equal({ name, type(vc[name]) }, { name, "function" }) end
  for _, name in ipairs(offered "vc.") do t.is_true(vc[name] ~= nil, name) end
  for _, word in ipairs { "rows", "find", "find_one", "get_many" } do
    local takes = offered(("vc:%s{ "):format(word))
    t.is_true(#takes > 2)
    t.match(t.raises(function() vc[word](vc, { nonsense = 1 }) end, "argument").message, "no option")
    for _, option in ipairs(takes) do
      local ok, e = pcall(vc[word], vc, { [option] = 0 })
      t.is_true(ok or not tostring(e):find("no option", 1, true))
    end
  end
end)

t.test("tries again after a failure, and ends with the session", function()
  local lab = server.start { "-vm", "1" }
  local vc = lab:connect()
  lab:rules { { method = "RetrievePropertiesEx", action = { fault = "NoPermission" } } }
  local cache = names.open(vc)
  t.equal(cache:wait(), false)
  t.equal(cache.failure.code, "vim.fault")
  t.equal(cache:find({ "vm" }, "", 5), { items = {}, prefix = "", pending = false })
  local other = names.open(vc)
  other:want()
  other:close()
  t.equal(other:find({ "vm" }, "", 5).items, {})
end)
