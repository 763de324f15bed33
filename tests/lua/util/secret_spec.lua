local t = require "tests.support.spec"
local secret = require "perilune.util.secret"

t.test("a secret never shows its text", function()
  local value = secret.new("hunter2", "-e password")
  t.equal(tostring(value), "(secret)")
  t.equal(("%s"):format(value), "(secret)")
  t.is_nil(next(value))
  t.equal(getmetatable(value), "secret")
  t.is_nil(value.value)
end)

t.test("a secret cannot be joined with text", function()
  local value = secret.new "hunter2"
  t.raises(function() return "password=" .. value end, "argument")
  t.raises(function() return value .. "!" end, "argument")
  t.raises(function() return #value end, "argument")
end)

t.test("reveal gives the text back, to who asks for it by name", function()
  local value = secret.new("hunter2", "-e password")
  t.equal(secret.reveal(value), "hunter2")
  t.equal(secret.source(value), "-e password")
  t.raises(function() secret.reveal "hunter2" end, "argument")
  t.raises(function() secret.reveal(nil) end, "argument")
end)

t.test("knows secrets from other values, and equal ones from unequal ones", function()
  t.is_true(secret.is(secret.new "a"))
  t.equal(secret.is "a", false)
  t.equal(secret.is(nil), false)
  t.is_true(secret.new "a" == secret.new "a")
  t.equal(secret.new "a" == secret.new "b", false)
end)
