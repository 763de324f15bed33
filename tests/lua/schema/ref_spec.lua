local t = require "tests.support.spec"
local deferred = require "perilune.schema.deferred"
local handle = require "perilune.schema.handle"
local references = require "perilune.schema.references"
local schema = require "perilune.schema"

local pool = { name = "resource_pool", attributes = {} }
local cluster = {
  name = "cluster",
  attributes = { pool = { kind = "resource_pool" }, hosts = { kind = "host", list = true } },
}

local function check(type, value, context)
  local mistakes = {}
  local result = type:check(value, "pool", function(m) mistakes[#mistakes + 1] = m end, context)
  return result, mistakes[1]
end

local function defer(of, key, kind, list)
  local function force() return "forced" end
  return deferred.new { of = of, key = key, kind = kind, list = list or false, force = force }
end

t.test("takes handles of its kinds", function()
  local it = handle.new { kind = pool, name = "Resources" }
  t.is_true(rawequal(check(schema.ref "resource_pool", it), it))
  t.is_true(rawequal(check(schema.ref { "host", "resource_pool" }, it), it))
end)

t.test("names what was given instead, and the attribute that would do", function()
  local it = handle.new { kind = cluster, name = "C" }
  local _, mistake = check(schema.ref "resource_pool", it)
  t.equal(mistake.message, 'expected a resource_pool, got cluster "C"')
  t.equal(mistake.hint, 'write cluster("C").pool')
  _, mistake = check(schema.ref { "datastore", "host" }, 5)
  t.equal(mistake.message, "expected a datastore or a host, got 5")
  t.equal(mistake.hint, 'write datastore "name"')
  t.match(select(2, check(schema.ref "host", "")).message, "an empty name")
end)

t.test("takes deferred values that yield its kind", function()
  local it = handle.new { kind = cluster, name = "C" }
  local one, list = defer(it, "pool", "resource_pool"), defer(it, "hosts", "host", true)
  t.is_true(rawequal(check(schema.ref "resource_pool", one), one))
  t.is_true(rawequal(check(schema.list(schema.ref "host"), list), list))
  t.match(select(2, check(schema.ref "host", one)).message, "expected a host, got a resource_pool")
  t.match(select(2, check(schema.ref "host", list)).message, "got a list of hosts")
  t.match(select(2, check(schema.list(schema.ref "host"), one)).message, "is known only to the server")
end)

t.test("a name becomes a lookup of the first kind", function()
  local asked
  local function lookup(kinds, name, path)
    asked = { kinds, name, path }
    return "the handle"
  end
  local context = { lookup = lookup }
  t.equal(check(schema.ref { "network", "portgroup" }, "web", context), "the handle")
  t.equal(asked, { { "network", "portgroup" }, "web", "pool" })
  t.equal(check(schema.ref "network", "web"), "web")
end)

t.test("a plain field asks for the value of a deferred one", function()
  local it = defer(handle.new { kind = cluster, name = "C" }, "note")
  local context = { plain = function(value) return true, deferred.plain(value) end }
  t.equal(check(schema.string(), it, context), "forced")
  t.match(select(2, check(schema.string(), it)).message, "known only to the server")
  local none, mistake = check(schema.string(), it, { plain = function() return false end })
  t.is_nil(none)
  t.is_true(mistake.told)
end)

t.test("says nothing about a value that a mistake was reported for", function()
  local it = deferred.new { broken = true }
  for _, type in ipairs { schema.string(), schema.ref "host", schema.list(schema.string()), schema.any() } do
    local none, mistake = check(type, it)
    t.is_nil(none)
    t.is_true(mistake.told)
  end
end)

t.test("a deferred value is forced where Lua uses it", function()
  local it = deferred.new { force = function() return 5 end }
  t.equal(it + 1, 6)
  t.equal(1 - it, -4)
  t.equal(it .. "x", "5x")
  t.is_true(it < 6 and it >= 5)
  t.equal(tostring(it), "5")
  local list = deferred.new { force = function() return { "a", "b" } end }
  t.equal(#list, 2)
  t.equal(tostring(list), "{ a, b }")
  local seen = {}
  for _, value in pairs(list) do
    seen[#seen + 1] = value
  end
  t.equal(seen, { "a", "b" })
end)

t.test("a deferred value may wait in the operators of a task", function()
  local it = deferred.new { force = function() return (coroutine.yield()) end }
  local other = deferred.new { force = function() return "s" end }
  local task = coroutine.wrap(function() return #it, it .. "!", it == other end)
  task()
  task "four"
  task "text"
  t.equal({ task "s" }, { 4, "text!", true })
end)

t.test("handles are equal when they stand for the same", function()
  local target = {}
  local one = handle.new { kind = pool, name = "a", binding = target }
  t.is_true(one == handle.new { kind = pool, name = "a", binding = target })
  t.is_false(one == handle.new { kind = pool, name = "a", binding = {} })
  t.is_true(handle.new { kind = pool, name = "a" } == one)
  t.is_false(handle.new { kind = pool, name = "b" } == one)
  t.equal(tostring(one), 'resource_pool "a"')
  t.is_nil(next(one))
  t.equal(getmetatable(one), "handle")
end)

t.test("finds every reference of a resource, in order", function()
  local a, b, c = { name = "a" }, { name = "b" }, { name = "c" }
  local host = handle.new { kind = cluster, name = "b", binding = b }
  local resource = {
    fields = {
      pool = defer(defer(host, "hosts", "host", true), 1, "host"),
      nics = { { network = handle.new { kind = pool, name = "a", binding = a } }, { speed = 3 } },
    },
    after = { handle.new { kind = pool, name = "c", binding = c } },
  }
  local found = references(resource)
  t.equal(#found, 3)
  t.is_true(found[1].target == a and found[2].target == b and found[3].target == c)
  t.equal({ found[1].path, found[2].path, found[3].path }, { "nics[1].network", "pool", "after[1]" })
end)
