local marker = require "perilune.kind.vm.marker"
local t = require "tests.support.spec"

local function entry(value, instance_uuid)
  return { props = { [marker.PATH] = value, ["config.instanceUuid"] = instance_uuid } }
end

t.test("tells the owner of a VM that was made with that instance UUID", function()
  t.equal(marker.owner(entry(marker.value("team/web", "UUID-1"), "uuid-1")), "team/web")
end)

t.test("a clone, with an instance UUID of its own, is nobody's", function()
  t.is_nil(marker.owner(entry(marker.value("team/web", "uuid-1"), "uuid-2")))
end)

t.test("a VM without the marker, or with something else there, is nobody's", function()
  t.is_nil(marker.owner(entry(nil, "uuid-1")))
  t.is_nil(marker.owner(entry("team/web", "uuid-1")))
  t.is_nil(marker.owner(entry(17, "uuid-1")))
end)
