local store = require "perilune.store"
local t = require "tests.support.spec"

t.test("what is known of a target is replaced as a whole, and outlives the program", function()
  local path = t.tmpdir() .. "/store.db"
  local s = store.open(path)
  t.is_nil(s:breaker "lab")
  s:set_breaker("lab", { state = "open", since = 5, failures = 3, probe_at = 9, reason = "no connection" })
  s:set_breaker("a", { state = "closed", since = 6 })
  s:close()
  local again = store.open(path)
  t.cleanup(function() again:close() end)
  t.equal(again:breaker "lab",
    { target = "lab", state = "open", since = 5, failures = 3, probe_at = 9, reason = "no connection" })
  again:set_breaker("lab", { state = "closed", since = 7 })
  t.equal(again:breakers(), {
    { target = "a", state = "closed", since = 6, failures = 0 },
    { target = "lab", state = "closed", since = 7, failures = 0 },
  })
end)
