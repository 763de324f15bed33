local store = require "perilune.store"
local t = require "tests.support.spec"

local function open()
  local s = store.open(t.tmpdir() .. "/store.db")
  t.cleanup(function() s:close() end)
  return s
end

t.test("lines of a run are kept in their order and numbered, each run by itself", function()
  local s = open()
  s:log(1, { { at = 5, stream = "stdout", text = "one" }, { at = 6, stream = "stderr", text = "tw\xff\0" } })
  s:log(2, { { at = 7, stream = "stdout", text = "other" } })
  s:log(1, { { at = 8, stream = "stdout", text = "three" } })
  s:log(1, {})
  t.equal(s:log_of(1), {
    { seq = 1, at = 5, stream = "stdout", text = "one" },
    { seq = 2, at = 6, stream = "stderr", text = "tw\xff\0" },
    { seq = 3, at = 8, stream = "stdout", text = "three" },
  })
end)

t.test("gives what came after a line that is known, and no more than asked for", function()
  local s = open()
  local lines = {}
  for i = 1, 10 do lines[i] = { at = i, stream = "stdout", text = "line " .. i } end
  s:log(1, lines)
  local some = s:log_of(1, { after = 4, limit = 2 })
  t.equal({ #some, some[1].seq, some[2].text }, { 2, 5, "line 6" })
  t.equal(s:log_of(1, { after = 10 }), {})
end)
