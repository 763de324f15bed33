local t = require "tests.support.spec"
local path = require "perilune.schema.path"

t.test("joins keys as people write them", function()
  t.equal(path.join("", "disks"), "disks")
  t.equal(path.join(nil, "disks"), "disks")
  t.equal(path.join("disks", 2), "disks[2]")
  t.equal(path.join("disks[2]", "size"), "disks[2].size")
  t.equal(path.join("extra_config", "guestinfo.a"), 'extra_config["guestinfo.a"]')
end)

t.test("takes apart what it joined", function()
  local ways = { { "disks", 2, "size" }, { "extra_config", 'a"b].c\\', 1 }, { 3, "x" }, { "x", "" }, {} }
  for _, keys in ipairs(ways) do
    local text = ""
    for _, key in ipairs(keys) do
      text = path.join(text, key)
    end
    t.equal(path.keys(text), keys)
  end
end)
