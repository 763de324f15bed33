local err = require "perilune.err"
local retry = require "perilune.vim.retry"
local t = require "tests.support.spec"

local function failure(code, fields)
  fields = fields or {}
  fields.code, fields.message = code, "lost"
  return err.new(fields)
end

t.test("a write is sent again only if nothing of it can have arrived", function()
  t.is_true(retry.allows(failure "http.connect", false))
  t.is_true(retry.allows(failure "http.resolve", false))
  for _, code in ipairs { "http.unknown", "http.cut", "vim.fault", "soap.xml", "task.cancelled" } do
    t.is_false(retry.allows(failure(code), false), code)
  end
  t.is_false(retry.allows(failure("http.status", { status = 503 }), false))
end)

t.test("a read is sent again after every loss, but not after an answer", function()
  for _, code in ipairs { "http.unknown", "http.cut", "http.connect", "http.timeout" } do
    t.is_true(retry.allows(failure(code), true), code)
  end
  t.is_true(retry.allows(failure("http.status", { status = 503 }), true))
  t.is_false(retry.allows(failure("http.status", { status = 404 }), true))
  t.is_false(retry.allows(failure "vim.fault", true))
  t.is_false(retry.allows(failure "tls.expired", true))
end)

t.test("pauses double up to a limit, half of each left to chance", function()
  t.equal({ retry.pause(1, 1), retry.pause(2, 1), retry.pause(3, 1) }, { 0.1, 0.2, 0.4 })
  t.equal({ retry.pause(1, 0), retry.pause(20, 1) }, { 0.05, 5.0 })
end)

t.test("a read succeeds at a later try, with its arguments and results", function()
  local tries = 0
  local function read(...)
    tries = tries + 1
    if tries < 3 then
      error(failure "http.cut", 0)
    end
    return ...
  end
  t.equal({ retry.run(true, read, "a", nil, "c") }, { "a", nil, "c" })
  t.equal(tries, 3)
end)

t.test("a write whose outcome is unknown is tried once", function()
  local tries = 0
  local e = t.raises(function()
    retry.run(false, function()
      tries = tries + 1
      error(failure "http.unknown", 0)
    end)
  end, "http.unknown")
  t.equal({ tries, e.message }, { 1, "lost" })
end)

t.test("it gives up in the end", function()
  local tries = 0
  t.raises(function()
    retry.run(true, function()
      tries = tries + 1
      error(failure("http.status", { status = 503, retry_after = 0.001 }), 0)
    end)
  end, "http.status")
  t.equal(tries, 5)
end)
