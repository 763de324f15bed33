local err = require "perilune.err"
local retry = require "perilune.vim.retry"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

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
  t.is_true(retry.allows(failure "http.timeout", false)) -- one that was sent is http.unknown
  t.is_false(retry.allows(failure("http.status", { status = 503 }), false))
end)

t.test("a status proves that a write was refused, or leaves it open", function()
  local function answer(status, fields)
    local e = failure("http.status", fields)
    e.status = status
    return e
  end
  for _, e in ipairs {
    answer(429), answer(404), answer(308), answer(501), answer(503, { retry_after = 0 }),
    answer(503, { body = "503 Service Unavailable (Failed to connect to endpoint: [N7Vmacore])" }),
    answer(503, { body = "no healthy upstream" }),
  } do
    t.is_false(retry.leaves_open(e), e.status)
  end
  local cut = "upstream connect error or disconnect/reset before headers. reset reason: local reset"
  for _, e in ipairs {
    answer(500), answer(502), answer(504), answer(204), answer(302), answer(520),
    answer(503, { body = cut }),
  } do
    t.is_true(retry.leaves_open(e), e.status)
    t.is_false(retry.allows(e, false), e.status)
  end
  t.is_true(retry.allows(answer(429), false))
  t.is_true(retry.allows(answer(503, { retry_after = 3 }), false))
  t.is_false(retry.allows(answer(404), false))
end)

t.test("a login that is lost does not stand for the outcome of what waits for it", function()
  local e = retry.unsent(failure "http.unknown")
  t.equal(e.code, "vim.session")
  t.is_true(retry.allows(e, false))
  t.is_false(retry.allows(retry.unsent(failure "vim.login"), false))
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

t.test("it gives up after so many lost answers", function()
  local tries = 0
  local e = t.raises(function()
    retry.run(true, function()
      tries = tries + 1
      error(failure("http.cut", { retry_after = 0.001 }), 0)
    end)
  end, "http.cut")
  t.equal(tries, 5)
  t.is_false(retry.allows(e, true)) -- whoever called is not to begin anew
end)

t.test("while the server is away it is only the time that counts, and waiting is told", function()
  local tries, told = 0, {}
  local function note(e, seconds) told[#told + 1] = { e.code, seconds } end
  local retrying = retry.new { patience = 3600, on_wait = note }
  local sleep = task.sleep
  task.sleep = function(seconds) t.equal(seconds, told[#told][2]) end
  t.cleanup(function() task.sleep = sleep end)
  retrying:run(false, function()
    tries = tries + 1
    if tries < 40 then
      error(failure("http.status", { status = 503, retry_after = 7 }), 0)
    end
  end)
  t.equal({ tries, #told, told[1][1], told[1][2] }, { 40, 39, "http.status", 7 })
end)

t.test("a pause that would outlast the patience is not begun", function()
  local e = t.raises(function()
    retry.new({ patience = 5 }):run(true, function()
      error(failure("http.status", { status = 429, retry_after = 6 }), 0)
    end)
  end, "http.status")
  t.equal(e.status, 429)
end)
