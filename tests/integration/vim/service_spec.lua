--- Further services: storage policies, through the connection's pool and session.
local method = require "perilune.vim.method"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local vim = require "perilune.vim"

local function start()
  return server.start { "-vm", "0", "-host", "1", "-standalone-host", "0" }
end

local function profiles_of(vc)
  local manager = vc:service("pbm").content.profileManager
  local ids = manager:PbmQueryProfile { resourceType = { resourceType = "STORAGE" }, profileCategory = "REQUIREMENT" }
  return manager:PbmRetrieveContent { profileIds = ids }
end

local function find(profiles, name)
  for _, profile in ipairs(profiles) do
    if profile.name == name then return profile end
  end
end

local function counts(lab)
  local soap = lab:requests().soap
  return { logins = soap.Login, contents = soap.PbmRetrieveServiceContent }
end

t.test("reads the storage policies that govc sees, with one login", function()
  local lab = start()
  local vc = lab:connect()
  local before = counts(lab)
  local profiles = profiles_of(vc)
  local govc = lab:govc_json("storage.policy.info")
  t.equal(#profiles, #govc.policies)
  for _, one in ipairs(govc.policies) do
    local profile = find(profiles, one.profile.name)
    t.equal(profile.profileId.uniqueId, one.profile.profileId.uniqueId)
  end
  t.equal(counts(lab).logins - (before.logins or 0), 1) -- govc's
end)

t.test("decodes a policy's rules with their types", function()
  local profile = find(profiles_of(start():connect()), "vSAN Default Storage Policy")
  t.equal(profile._typeName, "PbmCapabilityProfile")
  t.equal(profile.constraints._typeName, "PbmCapabilitySubProfileConstraints")
  local rule = profile.constraints.subProfiles[1].capability[1]
  t.equal(rule.id, { namespace = "VSAN", id = "hostFailuresToTolerate" })
  t.equal(rule.constraint[1].propertyInstance[1].value, 1)
end)

t.test("makes a policy that is there afterwards, and deletes it", function()
  local lab = start()
  local vc = lab:connect()
  local manager = vc:service("pbm").content.profileManager
  local id = manager:PbmCreate { createSpec = {
    name = "gold", category = "REQUIREMENT", resourceType = { resourceType = "STORAGE" },
    constraints = vim.PbmCapabilitySubProfileConstraints { subProfiles = { { name = "tags", capability = { {
      id = { namespace = "http://www.vmware.com/storage/tag", id = "tier" },
      constraint = { { propertyInstance = { {
        id = "com.vmware.storage.tag.tier.property",
        value = vim.PbmCapabilityDiscreteSet { values = { "gold" } },
      } } } },
    } } } } },
  } }
  local made = find(profiles_of(vc), "gold")
  t.equal(made.profileId, id)
  local instance = made.constraints.subProfiles[1].capability[1].constraint[1].propertyInstance[1]
  t.equal(instance.value, { _typeName = "PbmCapabilityDiscreteSet", values = { "gold" } })
  t.equal(lab:govc_json("storage.policy.info", "gold").policies[1].profile.name, "gold")
  manager:PbmDelete { profileId = { id } }
  t.is_nil(find(profiles_of(vc), "gold"))
end)

t.test("reading from a service may be repeated, changing may not", function()
  t.is_true(method.is_read "PbmQueryProfile")
  t.is_true(method.is_read "PbmRetrieveServiceContent")
  t.is_true(not method.is_read "PbmCreate")
end)

t.test("asks for the content of a service once", function()
  local lab = start()
  local vc = lab:connect()
  local before = counts(lab).contents or 0
  t.is_true(vc:service "pbm" == vc:service "pbm")
  t.equal(counts(lab).contents - before, 1)
end)

t.test("checks calls of a service against its schema", function()
  local manager = start():connect():service("pbm").content.profileManager
  local wrong = { resourceType = { resourceTyp = "STORAGE" } }
  local e = t.raises(function() manager:PbmQueryProfile(wrong) end, "soap.field")
  t.equal({ e.path, e.hint }, { "resourceType.resourceTyp", 'did you mean "resourceType"?' })
  e = t.raises(function() manager:PbmQueryProfil {} end, "soap.method")
  t.match(e.hint, "PbmQueryProfile")
end)

t.test("an unknown service is an error with the nearest name", function()
  local vc = start():connect()
  local e = t.raises(function() vc:service "pmb" end, "argument")
  t.match(e.hint, '"pbm"')
end)

t.test("logs in again for a service too, when the session ended", function()
  local lab = start()
  local vc = lab:connect()
  local other = lab:connect()
  t.is_true(#profiles_of(vc) > 0)
  other.content.sessionManager:TerminateSession { sessionId = { vc.session_key } }
  t.is_true(#profiles_of(vc) > 0)
  t.equal(vc:stats().logins, 2)
end)
