local channel = require "perilune.util.channel"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

t.test("values arrive in order, and the end after them", function()
  local values, got = channel.new(2), {}
  scope.all {
    function()
      for i = 1, 10 do values:send(i) end
      values:close()
    end,
    function()
      for value in values:each() do
        got[#got + 1] = value
        task.sleep(0)
      end
    end,
  }
  t.equal(got, { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 })
  t.is_nil(values:receive())
end)

t.test("false is a value; nil is refused", function()
  local values = channel.new()
  values:send(false)
  t.is_false(values:receive())
  t.raises(function() values:send(nil) end, "lua")
end)

t.test("a sender waits while there is no room", function()
  local values, sent = channel.new(2), 0
  scope.scope(function()
    scope.spawn(function()
      for i = 1, 5 do
        values:send(i)
        sent = i
      end
    end)
    task.sleep(0)
    t.equal(sent, 2)
    t.equal(values:receive(), 1)
    task.sleep(0)
    t.equal(sent, 3)
    for i = 2, 5 do t.equal(values:receive(), i) end
  end)
end)

t.test("closing ends those who wait", function()
  local values = channel.new()
  local codes = {}
  scope.scope(function()
    values:send "kept"
    scope.spawn(function()
      local ok, e = pcall(values.send, values, "refused")
      codes[#codes + 1] = not ok and e.code
    end)
    task.sleep(0)
    values:close()
    values:close()
  end)
  t.equal(codes, { "argument" })
  t.equal(values:receive(), "kept")
  t.is_nil(values:receive())
  t.raises(function() values:send(1) end, "argument")

  local empty = channel.new()
  scope.scope(function()
    local reader = scope.spawn(empty.receive, empty)
    task.sleep(0)
    empty:close()
    t.is_nil(reader:join())
  end)
end)

t.test("a value handed to a task just cancelled is not lost", function()
  local values = channel.new()
  scope.scope(function()
    local reader = scope.spawn(values.receive, values)
    task.sleep(0)
    values:send "first"
    reader:cancel()
    t.equal(values:receive(), "first")
  end)
end)

t.test("a sender that is cancelled takes its value with it", function()
  local values = channel.new(1)
  values:send(1)
  t.raises(function() scope.timeout(0.001, values.send, values, 2) end, "task.timeout")
  t.equal(values:receive(), 1)
  values:send(3)
  t.equal(values:receive(), 3)
end)
