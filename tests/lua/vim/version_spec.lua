local t = require "tests.support.spec"
local version = require "perilune.vim.version"

local DOCUMENT = [[<?xml version="1.0" encoding="UTF-8" ?>
<namespaces version="1.0">
 <namespace><name>urn:vim25</name><version>9.9.0.0</version>
  <priorVersions><version>8.0.3.0</version><version>8.0.2.0</version><version>10.0</version></priorVersions></namespace>
 <namespace><name>urn:vim2</name><version>2.0</version></namespace>
</namespaces>]]

t.test("reads the versions of vim25 and of no other namespace", function()
  t.equal(version.offered(DOCUMENT), { "9.9.0.0", "8.0.3.0", "8.0.2.0", "10.0" })
  t.equal(version.offered "<html><body>no</body></html>", {})
end)

t.test("the newest version that both know is spoken", function()
  t.equal(version.choose(version.offered(DOCUMENT), "9.1.0.0"), "8.0.3.0")
  t.equal(version.choose(version.offered(DOCUMENT), "8.0.2.5"), "8.0.2.0")
  t.equal(version.choose({ "6.5" }, "9.1.0.0"), "6.5")
end)

t.test("a server that only offers newer ones is spoken to in its oldest", function()
  t.equal(version.choose({ "12.0", "11.0" }, "9.1.0.0"), "11.0")
  t.is_nil(version.choose({}, "9.1.0.0"))
end)

t.test("versions are compared by their numbers", function()
  t.is_true(version.is_older("9.0", "10.0"))
  t.is_true(version.is_older("8.0.2", "8.0.2.1"))
  t.is_false(version.is_older("8.0", "8.0.0.0"))
end)
