local outcome = require "perilune.serve.outcome"
local t = require "tests.support.spec"

local function of(fields, kind)
  fields.records = fields.records or {}
  return outcome.of(fields, kind or "apply")
end

local SUMMARY = { add = 1, change = 2, destroy = 0, digest = "d1" }

t.test("an apply that went well says what it changed", function()
  local found = of { status = 0, records = { summary = SUMMARY,
    result = { ok = true, added = 1, changed = 2, destroyed = 0 } } }
  t.equal({ found.state, found.text }, { "done", "1 added, 2 changed, 0 destroyed" })
  t.equal(of({ status = 0 }).text, "nothing to do")
end)

t.test("a plan with changes waits for approval, one without is done", function()
  local found = of({ status = 2, records = { summary = SUMMARY } }, "plan")
  t.equal({ found.state, found.digest, found.text }, { "held", "d1", "1 to add, 2 to change, 0 to destroy" })
  t.equal(of({ status = 0, records = { summary = SUMMARY } }, "plan").state, "done")
end)

t.test("what time may mend may be tried again; a mistake and a refused login may not", function()
  local function failing(code)
    return of { status = 4, records = { error = { type = "error", code = code, message = "m" } } }
  end
  t.equal({ failing("http.connect").may_retry, failing("http.connect").away }, { true, true })
  t.equal(failing("vim.login").may_retry, false)
  t.equal(failing("playbook.var").may_retry, false)
  t.equal(failing("tls.expired").may_retry, false)
  local caused = of { status = 4, records = { error = { code = "vim.login", cause = { code = "http.timeout" } } } }
  t.equal(caused.may_retry, true)
end)

t.test("an apply that stopped is tried again only where nothing but the connection failed", function()
  local lost = { error = { code = "http.cut", message = "cut" } }
  local wrong = { error = { code = "vim.fault", message = "fault" } }
  local function stopped(failed)
    return of { status = 5, records = { result = { ok = false, failed = failed, done = { {} }, not_done = {} } } }
  end
  t.equal(stopped({ lost }).may_retry, true)
  t.equal(stopped({ lost, wrong }).may_retry, false)
  t.equal(stopped({ wrong, wrong }).text, "2 steps failed, 1 done, 0 not begun")
  t.equal(stopped({ lost }).away, false)
end)

t.test("a process that we ended is not a failure of its own", function()
  t.equal(of({ status = 130, reason = "cancelled", by = "ops" }).text, "cancelled by ops")
  t.equal(of({ status = 130, reason = "cancelled" }).state, "cancelled")
  t.equal(of({ status = 130, reason = "timeout" }).text, "took longer than its timeout")
  t.equal(of({ status = 130, reason = "drained" }).state, "released")
  t.equal(of({ status = 130, reason = "drained" }, "function").state, "failed")
  t.equal(of({ status = 0, reason = "timeout", records = {} }).state, "done")
end)

t.test("a process that was ended before it began is started again", function()
  t.equal(of({ status = 143, signal = "TERM" }, "function").state, "released")
  t.equal(of({ status = 143, signal = "TERM", records = { version = {} } }, "function").state, "failed")
  t.equal(of({ status = 137, signal = "KILL" }, "function").state, "failed")
end)

t.test("a killed process says why it may have been", function()
  t.match(of({ status = 137, signal = "KILL" }).text, "memory")
  t.match(of({ status = 152, signal = "XCPU" }).text, "CPU")
  t.equal(of({ status = 3 }).text, "ended with exit code 3")
end)

t.test("the time between attempts doubles up to a limit, and differs from run to run", function()
  local retries = { backoff = "exponential", first = 4, limit = 20 }
  local function middle() return 0.5 end
  local waits = {}
  for attempt = 1, 4 do waits[attempt] = outcome.delay(retries, attempt, middle) end
  t.equal(waits, { 4.0, 8.0, 16.0, 20.0 })
  t.equal(outcome.delay(retries, 1, function() return 0 end), 3.0)
  t.equal(outcome.delay(retries, 1, function() return 1 end), 5.0)
  t.equal(outcome.delay(retries, 5000, middle), 20.0)
  t.equal(outcome.delay({ backoff = "constant", first = 4, limit = 20 }, 3, middle), 4.0)
end)

t.test("a run lost with its server is run again where that is safe", function()
  local hook = { retries = { max = 0 } }
  t.equal(outcome.lost({ kind = "apply", attempt = 1 }, hook).state, "released")
  local lost = outcome.lost({ kind = "function", attempt = 1 }, hook)
  t.equal({ lost.state, lost.error.code }, { "failed", "serve.lost" })
  t.equal(outcome.lost({ kind = "function", attempt = 1 }, { retries = { max = 1 } }).state, "released")
  t.equal(outcome.lost({ kind = "function", attempt = 2 }, { retries = { max = 1 } }).state, "failed")
  t.equal(outcome.lost({ kind = "apply", attempt = 1 }, nil).state, "failed")
end)
