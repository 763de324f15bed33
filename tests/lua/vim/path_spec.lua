local path = require "perilune.vim.path"
local t = require "tests.support.spec"

t.test("paths are fields and keys of elements", function()
  t.equal(path.parse "config.hardware.device[4000].backing", {
    "config", "hardware", "device", { key = 4000 }, "backing",
  })
  t.equal(path.parse 'config.extraConfig["guestinfo.a[1].b"].value', {
    "config", "extraConfig", { key = "guestinfo.a[1].b" }, "value",
  })
  t.equal(path.parse "network[dvportgroup-7]", { "network", { key = "dvportgroup-7" } })
  t.equal({ path.element("device", 4000), path.element("extraConfig", "k") }, { "device[4000]", 'extraConfig["k"]' })
end)

t.test("a value is changed by making a new one that shares what is equal", function()
  local old = { hardware = { device = { { key = 1, n = "a" }, { key = 2, n = "b" } } }, files = {} }
  local new = path.set(old, path.parse "hardware.device[2].n", 1, "c")
  t.equal(new.hardware.device, { { key = 1, n = "a" }, { key = 2, n = "c" } })
  t.equal(old.hardware.device[2].n, "b")
  t.is_true(rawequal(new.files, old.files) and rawequal(new.hardware.device[1], old.hardware.device[1]))
end)

t.test("elements are added, replaced and taken out by their keys", function()
  local list = { { key = "a", v = 1 } }
  list = path.set(list, path.parse '["b"]', 1, { key = "b", v = 2 })
  list = path.set(list, path.parse '["a"]', 1, { key = "a", v = 3 })
  t.equal(list, { { key = "a", v = 3 }, { key = "b", v = 2 } })
  list = path.set(list, path.parse '["a"]', 1, nil)
  t.equal(list, { { key = "b", v = 2 } })
  t.equal(path.set(list, path.parse '["gone"].v', 1, 4), list)
  t.equal(path.set(nil, path.parse "[7]", 1, { key = 7 }), { { key = 7 } })
end)
