local event = require "perilune.serve.event"
local t = require "tests.support.spec"

t.test("JSON is a value, by its type or by its look", function()
  t.equal(event.body("application/json; charset=utf-8", '{"a":1}'), { a = 1 })
  t.equal(event.body("application/cloudevents+json", "[1]"), { 1 })
  t.equal(event.body(nil, ' {"a":1}'), { a = 1 })
end)

t.test("JSON within a form is a value, too", function()
  t.equal(event.body("application/x-www-form-urlencoded", "payload=%7B%22a%22%3A+1%7D&x=y"), { a = 1 })
  t.equal(event.body("application/x-www-form-urlencoded", "a=1+2&b=%26&c"), { a = "1 2", b = "&", c = "" })
end)

t.test("anything else is its text", function()
  t.equal(event.body("text/plain", "{ no"), "{ no")
  t.equal(event.body(nil, "hello"), "hello")
end)

t.test("what says to be JSON and is none is refused, with the place", function()
  local e = t.raises(function() event.body("application/json", '{"a":}') end, "serve.body")
  t.match(e.message, "line 1")
end)

t.test("a million levels are refused", function()
  t.raises(function() event.body("application/json", ("["):rep(1000000)) end, "serve.body")
end)

t.test("headers are kept by lower-case name, but none that says who may call", function()
  local request = { headers = function()
    return {
      { "X-A", "1" }, { "x-a", "2" }, { "Authorization", "Bearer s" }, { "X-Gitlab-Token", "s" }, { "Cookie", "s" },
    }
  end }
  t.equal(event.headers(request), { ["x-a"] = "1, 2" })
end)
