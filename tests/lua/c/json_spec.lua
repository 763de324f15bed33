local json = require "perilune.c.json"
local t = require "tests.support.spec"

local function round(value)
  return json.decode(json.encode(value))
end

t.test("integers stay integers and floats floats", function()
  t.equal(json.encode { 5, 5.0, -1, math.maxinteger, math.mininteger },
    "[5,5.0,-1,9223372036854775807,-9223372036854775808]")
  t.equal(json.decode "[5,5.0,9223372036854775807]", { 5, 5.0, math.maxinteger })
end)

t.test("floats are written with the digits they need, and no more", function()
  t.equal(json.encode { 0.1, 0.25 }, "[0.1,0.25]")
  t.equal(round { 0.1 + 0.2 }, { 0.1 + 0.2 })
  t.equal(round { 1e300, 5e-324 }, { 1e300, 5e-324 })
end)

t.test("empty arrays stay arrays, empty objects objects", function()
  t.equal(json.encode { list = json.array {}, map = {} }, '{"list":[],"map":{}}')
  t.equal(json.encode(json.decode '{"list":[],"map":{}}'), '{"list":[],"map":{}}')
  t.equal(json.encode(json.array { 1 }), "[1]")
end)

t.test("keys are sorted", function()
  t.equal(json.encode { b = 1, a = { d = 2, c = 3 }, ["é"] = 4 }, '{"a":{"c":3,"d":2},"b":1,"é":4}')
end)

t.test("null is a value of its own", function()
  local value = json.decode '{"a":null,"b":[null,false]}'
  t.is_true(value.a == json.null)
  t.is_true(value.b[1] == json.null)
  t.equal(json.encode(value), '{"a":null,"b":[null,false]}')
end)

t.test("strings keep every byte of UTF-8, also NUL", function()
  local text = 'a"\\\n\0\1é€😀'
  t.equal(round(text), text)
  local key = text:gsub("\0", "")
  t.equal(round { [key] = text }, { [key] = text })
end)

t.test("what is not JSON is told with line and column", function()
  local e = t.raises(function() json.decode '{\n  "a": }' end, "argument")
  t.match(tostring(e), "line 2, column 8")
  t.raises(function() json.decode "" end, "argument")
  t.raises(function() json.decode "[1] x" end, "argument")
  t.raises(function() json.decode '{"a":1,"a":2}' end, "argument")
  t.raises(function() json.decode "[9223372036854775808]" end, "argument")
end)

t.test("what JSON cannot hold is refused", function()
  t.raises(function() json.encode { print } end, "argument")
  t.raises(function() json.encode(0 / 0) end, "argument")
  t.raises(function() json.encode { a = math.huge } end, "argument")
  t.raises(function() json.encode "\xff" end, "argument")
  t.raises(function() json.encode { ["\xff"] = 1 } end, "argument")
  t.raises(function() json.encode { [2] = 1 } end, "argument")
  t.raises(function() json.encode { 1, nil, 3 } end, "argument")
  t.raises(function() json.encode { 1, name = 2 } end, "argument")
  t.raises(function() json.encode { [true] = 1 } end, "argument")
end)

t.test("depth has a limit in both directions, and circles end there", function()
  local circle = {}
  circle.self = circle
  t.raises(function() json.encode(circle) end, "limit")
  t.raises(function() json.decode(("["):rep(200) .. ("]"):rep(200)) end, "limit")
  t.equal(#json.encode(json.decode(("["):rep(100) .. ("]"):rep(100))), 200)
end)
