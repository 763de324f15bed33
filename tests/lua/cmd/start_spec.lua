--- What a command loads when it starts: only what it needs.
local t = require "tests.support.spec"

local REPORT = [[
local function loaded()
  local names = {}
  for line in io.lines "/proc/self/maps" do
    local name = line:match "/lib(%w+)[^/]*%.so"
    if name then names[name] = true end
  end
  return names
end
local before = loaded()
print("before", before.curl, before.xml2, before.ldap)
require("perilune.c.xml").read "<a/>"
print("document", loaded().xml2)
require("perilune.c.http").pool { insecure = true }:close()
print("pool", loaded().curl)
]]

t.test("loads libcurl with the first connections and libxml2 with the first document, not before", function()
  local path = t.tmpdir() .. "/report.lua"
  local file = assert(io.open(path, "w"))
  file:write(REPORT)
  file:close()
  local result = t.command { "build/perilune", "run", path }
  t.equal(result.stdout, "before\tnil\tnil\tnil\ndocument\ttrue\npool\ttrue\n")
  t.equal(result.stderr, "")
end)
