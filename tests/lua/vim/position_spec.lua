local position = require "perilune.vim.position"
local t = require "tests.support.spec"
local time = require "perilune.c.time"

local function event(key, second)
  return { key = key, createdTime = time.parse "2026-11-23T20:00:00Z" + second }
end

--- The keys of the events that a reader takes.
local function taken(at, list)
  local keys = {}
  for _, one in ipairs(list) do
    if at:accepts(one) then
      at:note(one)
      keys[#keys + 1] = one.key
    end
  end
  return keys
end

t.test("what was had is left out, of the same time and in whatever order of keys", function()
  local at = position.new()
  t.equal(taken(at, { event(5, 1), event(4, 1), event(7, 2) }), { 5, 4, 7 })
  t.equal(taken(at, { event(4, 1), event(5, 1), event(6, 1), event(7, 2), event(8, 2) }), { 6, 8 })
end)

t.test("an event that comes late, with a time before the newest, is asked for and taken", function()
  local at = position.new()
  taken(at, { event(5, 100), event(7, 130) })
  t.is_true(at:begins() < event(0, 60).createdTime)
  t.equal(taken(at, { event(5, 100), event(6, 50), event(7, 130) }), { 6 })
end)

t.test("a saved position goes on where it was", function()
  local at = position.new(time.parse "2026-11-23T19:59:59Z")
  taken(at, { event(5, 1), event(6, 1), event(9, 3) })
  local text = tostring(at)
  t.equal(text, "1 2026-11-23T19:59:59Z 2026-11-23T20:00:03Z 0 5-6,9")
  local later = position.parse(text)
  t.equal({ tostring(later), later:begins() }, { text, time.parse "2026-11-23T19:59:59Z" })
  t.equal(taken(later, { event(5, 1), event(6, 1), event(8, 2), event(9, 3), event(10, 3) }), { 8, 10 })
end)

t.test("a position stays small, however many events there were", function()
  local at = position.new()
  for key = 1, 20000 do
    at:note(event(key, key // 100))
  end
  t.is_true(#tostring(at) < 100)
  t.equal(taken(position.parse(tostring(at)), { event(17000, 170), event(20000, 200), event(20001, 200) }), { 20001 })
  for key = 20001, 60000, 2 do
    at:note(event(key, 200))
  end
  t.is_true(#tostring(at) < 20000)
  t.equal(taken(at, { event(20001, 200), event(59999, 200), event(60001, 200) }), { 60001 })
end)

t.test("keys that a server counts anew are not taken for those that were had", function()
  local at = position.new()
  taken(at, { event(900, 1) })
  t.equal(taken(at, { event(1, 50), event(900, 60) }), { 1, 900 })
end)

t.test("what is no position is refused", function()
  for _, text in ipairs { "", "2 - - 0 ", "1 yesterday - 0 5", 7 } do
    t.raises(function() position.parse(text) end, "argument")
  end
end)
