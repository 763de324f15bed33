local server = require "tests.support.server"
local t = require "tests.support.spec"
local tags = require "perilune.vim.tags"

local function sorted(list)
  table.sort(list)
  return list
end

local function names_of(list)
  local names = {}
  for i, one in ipairs(list) do names[i] = one.name end
  return sorted(names)
end

local function vms_of(vc)
  return vc:find { type = "VirtualMachine" }
end

t.test("a server without tags has none", function()
  local vc = server.start({}):connect()
  t.equal(tags.categories(vc), {})
  local attached = tags.attached(vc, vms_of(vc))
  t.equal(attached[vms_of(vc)[1]], {})
end)

t.test("categories and tags are made, read, changed and deleted, as govc sees them", function()
  local lab = server.start {}
  local vc = lab:connect()
  local id = tags.create_category(vc, {
    name = "tier", cardinality = "SINGLE", associable_types = { "VirtualMachine" },
  })
  t.equal(tags.categories(vc)[1].id, id)
  t.equal(lab:govc "tags.category.ls", "tier")
  local web = tags.create_tag(vc, { name = "web", description = "front", category_id = id })
  tags.create_tag(vc, { name = "db", category_id = id })
  t.equal(names_of(tags.of_category(vc, id)), { "db", "web" })
  tags.update_tag(vc, { id = web, description = "changed" })
  t.equal(lab:govc_json("tags.info", "web")[1].description, "changed")
  tags.update_category(vc, { id = id, description = "tiers" })
  t.equal(tags.categories(vc)[1].description, "tiers")
  tags.delete_tag(vc, web)
  t.find(lab:govc "tags.ls", "^db%s+tier$")
  tags.delete_category(vc, id)
  t.equal(tags.categories(vc), {})
end)

t.test("tags of all objects are read in one request, and written in one for each object", function()
  local lab = server.start { "-vm", "10" }
  local vc = lab:connect()
  local id = tags.create_category(vc, { name = "tier", cardinality = "MULTIPLE" })
  local web = tags.create_tag(vc, { name = "web", category_id = id })
  local db = tags.create_tag(vc, { name = "db", category_id = id })
  local vms = vms_of(vc)
  lab:reset_requests()
  for _, vm in ipairs(vms) do tags.attach(vc, vm, { web, db }) end
  local before = vc:stats().rest
  local attached = tags.attached(vc, vms)
  t.equal(vc:stats().rest - before, 1)
  for _, vm in ipairs(vms) do t.equal(sorted(attached[vm]), sorted { web, db }) end
  t.equal(lab:requests().total, #vms + 1)
  t.equal(#tags.users(vc, { web })[web], #vms)
end)

t.test("a detached object uses the tag no more", function()
  local lab = server.start {}
  local vc = lab:connect()
  local id = tags.create_category(vc, { name = "tier", cardinality = "MULTIPLE" })
  local web = tags.create_tag(vc, { name = "web", category_id = id })
  local db = tags.create_tag(vc, { name = "db", category_id = id })
  local first, second = table.unpack(vms_of(vc))
  tags.attach(vc, first, { web, db })
  tags.attach(vc, second, { web })
  tags.detach(vc, first, { web })
  t.equal(tags.users(vc, { web, db }), { [web] = { second }, [db] = { first } })
  t.equal(tags.attached(vc, { first, second }), { [first] = { db }, [second] = { web } })
end)

t.test("a refusal names what was refused, and its kind", function()
  local vc = server.start({}):connect()
  tags.create_category(vc, { name = "tier", cardinality = "SINGLE" })
  local e = t.raises(function() tags.create_category(vc, { name = "tier", cardinality = "SINGLE" }) end, "vim.rest")
  t.equal({ e.kind, e.status }, { "already_exists", 400 })
  t.match(tostring(e), "POST tagging/category: already exists")
  e = t.raises(function() tags.delete_tag(vc, "urn:none") end, "vim.rest")
  t.equal(e.kind, "not_found")
end)

t.test("a call that says success = false is an error with its messages", function()
  local vc = server.start({}):connect()
  local vm = vms_of(vc)[1]
  local e = t.raises(function() tags.attach(vc, vm, { "urn:none" }) end, "vim.rest")
  t.match(tostring(e), "could not be attached to " .. tostring(vm))
  t.is_true(e.server ~= nil and e.server ~= "")
end)

t.test("a service that is away for a moment is asked again for reads, not for writes", function()
  local lab = server.start {}
  local vc = lab:connect()
  tags.categories(vc)
  local path = "/rest/com/vmware/cis/tagging/category"
  local away = { status = 503, fault = "service_unavailable" }
  lab:rules { { method = "GET " .. path, times = 2, action = away }, { method = "POST " .. path, action = away } }
  lab:reset_requests()
  t.equal(tags.categories(vc), {})
  t.equal(lab:requests().rest["GET " .. path], 3)
  t.raises(function() tags.create_category(vc, { name = "x", cardinality = "SINGLE" }) end, "http.unknown")
  t.equal(lab:requests().rest["POST " .. path], 1)
end)

t.test("a vCenter that speaks the newer form is spoken to in it, with the same results", function()
  local lab = server.start { "-api", "-vm", "3" }
  local vc = lab:connect()
  local vms = vms_of(vc)
  t.equal(vc.tags:categories(), {})
  local id = vc.tags:create_category { name = "tier", cardinality = "MULTIPLE" }
  local web = vc.tags:create_tag { name = "web", category_id = id }
  local db = vc.tags:create_tag { name = "db", category_id = id }
  vc.tags:update_tag { id = web, description = "front" }
  vc.tags:update_category { id = id, description = "tiers" }
  t.equal(vc.tags:categories()[1].description, "tiers")
  t.equal(names_of(vc.tags:of_category(id)), { "db", "web" })
  t.equal(lab:govc_json("tags.info", "web")[1].description, "front")
  vc.tags:attach(vms[1], { web, db })
  vc.tags:attach_many(db, vms)
  vc.tags:detach(vms[1], { db })
  t.equal(vc.tags:attached { vms[1], vms[2] }, { [vms[1]] = { web }, [vms[2]] = { db } })
  t.equal(vc.tags:users { web }, { [web] = { vms[1] } })
  local e = t.raises(function() vc.tags:create_tag { name = "web", category_id = id } end, "vim.rest")
  t.equal(e.kind, "already_exists")
  t.raises(function() vc.tags:attach(vms[1], { "urn:none" }) end, "vim.rest")
  t.equal(t.raises(function() vc.tags:delete_tag "urn:none" end, "vim.rest").kind, "not_found")
  vc.tags:delete_tag(web)
  vc.tags:delete_tag(db)
  vc.tags:delete_category(id)
  t.equal(vc.tags:categories(), {})
  t.equal(lab:requests().rest["POST /api/session"], 1)
  vc:close()
  t.equal(lab:requests().rest["DELETE /api/session"], 1)
end)

t.test("a tag is put on a thousand objects, and read from them, in one request each", function()
  local lab = server.start { "-vm", "0" }
  local vc = lab:connect()
  local id = vc.tags:create_category { name = "tier", cardinality = "MULTIPLE" }
  local web = vc.tags:create_tag { name = "web", category_id = id }
  local folder = vc:find_one { type = "Folder", name = "vm" }
  local folders = {}
  for i = 1, 1000 do folders[i] = folder:CreateFolder { name = "f" .. i } end
  local before = vc:stats().rest
  vc.tags:attach_many(web, folders)
  local attached = vc.tags:attached(folders)
  t.equal(vc:stats().rest - before, 2)
  for _, one in ipairs(folders) do t.equal(attached[one], { web }) end
end)
