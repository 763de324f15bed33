local scope = require "perilune.util.scope"
local store = require "perilune.store"
local t = require "tests.support.spec"

local function open(path)
  local s = store.open(path or t.tmpdir() .. "/store.db")
  t.cleanup(function() s:close() end)
  return s
end

local now = 1000

--- Accepts a delivery, each a moment after the last one. Returns the run's id.
local function accept(s, fields)
  now = now + 1
  local delivery = { hook = "deploy", at = now, headers = {}, body = "", kind = "apply" }
  for name, value in pairs(fields or {}) do delivery[name] = value end
  return s:accept(delivery).run
end

local function claim(s, options)
  now = now + 1
  local all = { at = now }
  for name, value in pairs(options or {}) do all[name] = value end
  local run = s:claim(all)
  return run and run.id
end

local function finish(s, id, state)
  now = now + 1
  s:finish(id, { state = state or "done", at = now })
end

local function states(s, ...)
  local list = {}
  for i, id in ipairs { ... } do list[i] = s:run(id).state end
  return table.concat(list, " ")
end

-- Deliveries -----------------------------------------------------------------------------------------------------

t.test("a delivery is kept with every byte of it, and the run that it asks for", function()
  local s = open()
  local delivery = { hook = "deploy", delivery_id = "72d3162e", peer = "10.0.0.1", at = 1764000000123456,
    event = "push", headers = { ["x-a"] = "b", ["x-latin"] = "caf\xe9", [""] = "" }, body = "\0\255{}" }
  local answer = s:accept(setmetatable({ key = "a/b", kind = "function", file = "x.lua", target = "lab", trace = "00-1",
    allow = { "reboot" } }, { __index = delivery }))
  t.equal(answer, { run = 1, is_new = true, state = "queued" })
  t.equal(s:delivery(1), delivery)
  t.equal(s:run(1), { id = 1, hook = "deploy", key = "a/b", keep = "all", state = "queued", kind = "function",
    file = "x.lua", target = "lab", delivery_id = "72d3162e", event = "push", created = 1764000000123456,
    ready_at = 1764000000123456, attempt = 0, trace = "00-1", allow = { "reboot" } })
  t.is_nil(s:delivery(2))
  t.is_nil(s:run(2))
end)

t.test("a delivery that was seen gives the first one's run, as it is now, and changes nothing", function()
  local s = open()
  accept(s, { delivery_id = "a", body = "first", key = "k", keep = "latest" })
  claim(s)
  finish(s, 1)
  t.equal(s:accept { hook = "deploy", delivery_id = "a", at = 9, body = "second", key = "k", keep = "latest" },
    { run = 1, is_new = false, state = "done" })
  t.equal(s:delivery(1).body, "first")
  t.equal(s:counts().done, 1)
  t.is_nil(s:counts().queued)
  t.equal(accept(s, { delivery_id = "a", hook = "other" }), 2, "ids are those of one hook")
  t.equal(accept(s), 3)
  t.equal(accept(s), 4, "a delivery without an id is always new")
end)

t.test("of the same delivery many times at once one run is made", function()
  local s = open()
  local new, ids = 0, {}
  scope.scope(function()
    for _ = 1, 100 do
      scope.spawn(function()
        local answer = s:accept { hook = "deploy", delivery_id = "a", at = 1 }
        new, ids[answer.run] = new + (answer.is_new and 1 or 0), true
      end)
    end
  end)
  t.equal(new, 1)
  t.equal(ids, { true })
end)

t.test("a delivery that asks for nothing is kept and never run", function()
  local s = open()
  local answer = s:accept { hook = "deploy", delivery_id = "a", at = 5, state = "ignored", outcome = "when said no" }
  t.equal(answer.state, "ignored")
  t.equal(s:run(1).ended, 5)
  t.equal(s:run(1).outcome, "when said no")
  t.is_nil(claim(s))
end)

-- What is next ---------------------------------------------------------------------------------------------------

t.test("runs are started in the order in which they came, once each", function()
  local s = open()
  for _ = 1, 3 do accept(s) end
  t.equal({ claim(s), claim(s), claim(s), claim(s) }, { 1, 2, 3 })
  t.equal(s:run(1).attempt, 1)
  t.equal(s:run(2).state, "running")
end)

t.test("two programs that take runs at the same time never take the same one", function()
  local path = t.tmpdir() .. "/store.db"
  local one, two = open(path), open(path)
  for _ = 1, 60 do accept(one) end
  local taken = {}
  scope.scope(function()
    for i = 1, 60 do
      scope.spawn(function()
        local id = claim(i % 2 == 0 and one or two)
        taken[#taken + 1] = id
      end)
    end
  end)
  table.sort(taken)
  for i = 1, 60 do t.equal(taken[i], i) end
end)

t.test("of the runs with one key one runs at a time, in their order", function()
  local s = open()
  for _ = 1, 3 do accept(s, { key = "a" }) end
  accept(s, { key = "b" })
  t.equal({ claim(s), claim(s), claim(s) }, { 1, 4 })
  finish(s, 1, "failed")
  t.equal({ claim(s), claim(s) }, { 2 })
  finish(s, 2)
  t.equal(claim(s), 3)
end)

t.test("the same key of another hook is another key", function()
  local s = open()
  accept(s, { key = "a" })
  accept(s, { key = "a", hook = "other" })
  t.equal(#{ claim(s), claim(s) }, 2)
end)

t.test("a run that waits for another try, or for somebody's yes, holds up those behind it", function()
  local s = open()
  for _ = 1, 2 do accept(s, { key = "a" }) end
  claim(s)
  s:retry(1, { ready_at = now + 1000, outcome = "cannot connect", error = { code = "http.connect" } })
  t.is_nil(claim(s))
  t.equal(s:run(1).outcome, "cannot connect")
  t.equal(s:run(1).error, { code = "http.connect" })
  now = now + 1000
  t.equal(claim(s), 1)
  t.equal(s:run(1).attempt, 2)
  s:hold(1, { plan = "{}", plan_digest = "abc", summary = { create = 1 } })
  t.is_nil(claim(s))
  s:approve(1, "ann", now)
  t.equal(claim(s), 1)
  t.equal(s:run(1).plan, "{}")
  t.equal(s:run(1).attempt, 1, "tries of the plan are not those of the run")
  finish(s, 1)
  t.equal(claim(s), 2)
end)

t.test("keep = latest replaces what waits under the key, and leaves what runs", function()
  local s = open()
  for _ = 1, 4 do accept(s, { key = "a", keep = "latest" }) end
  accept(s, { key = "b", keep = "latest" })
  t.equal(states(s, 1, 2, 3, 4, 5), "superseded superseded superseded queued queued")
  t.equal(s:run(3).outcome, "superseded by run 4")
  t.equal(claim(s), 4)
  accept(s, { key = "a", keep = "latest" })
  accept(s, { key = "a", keep = "latest" })
  t.equal(states(s, 4, 6, 7), "running superseded queued")
  t.equal({ claim(s), claim(s) }, { 5 })
  finish(s, 4)
  t.equal(claim(s), 7)
end)

t.test("a held run is replaced as well; keep = latest without a key replaces nothing", function()
  local s = open()
  accept(s, { key = "a", keep = "latest" })
  claim(s)
  s:hold(1, { plan = "{}" })
  accept(s, { key = "a", keep = "latest" })
  t.equal(states(s, 1, 2), "superseded queued")
  accept(s, { keep = "latest" })
  accept(s, { keep = "latest" })
  t.equal(states(s, 2, 3, 4), "queued queued queued")
end)

t.test("the hook with the fewest running is next, then the one that was served longest ago", function()
  local s = open()
  for _ = 1, 3 do accept(s, { hook = "busy" }) end
  accept(s, { hook = "calm" })
  accept(s, { hook = "calm" })
  t.equal({ claim(s), claim(s) }, { 1, 4 }, "one of each")
  finish(s, 1)
  finish(s, 4)
  t.equal(claim(s), 2, "calm was served last")
  finish(s, 2)
  t.equal(claim(s), 5)
  t.equal(claim(s), 3)
end)

t.test("how many run of a hook may be counted elsewhere", function()
  local s = open()
  accept(s, { hook = "a" })
  accept(s, { hook = "b" })
  t.equal(claim(s, { hooks_busy = { a = 3 } }), 2)
end)

t.test("nothing is started for a target that is closed, and all the rest is", function()
  local s = open()
  accept(s, { target = "lab" })
  accept(s, { target = "prod" })
  accept(s)
  t.equal(claim(s, { closed = { "lab" } }), 2)
  t.equal(claim(s, { closed = { "lab", "prod" } }), 3)
  t.is_nil(claim(s, { closed = { "lab" } }))
  t.is_nil(claim(s, { closed = { lab = true } }))
  t.equal(claim(s, { closed = { lab = false } }), 1)
end)

t.test("tells when the next one becomes ready, not counting those that are", function()
  local s = open()
  t.is_nil(s:next_ready(0))
  accept(s, { at = 100 })
  accept(s, { at = 300, hook = "other" })
  accept(s, { at = 200, key = "a" })
  t.is_nil(claim(s, { at = 99 }))
  t.equal(s:next_ready(0), 100)
  t.equal(s:next_ready(100), 200)
  t.equal(s:next_ready(200), 300)
  t.is_nil(s:next_ready(300))
end)

t.test("a run that was taken and not started waits as before", function()
  local s = open()
  accept(s, { key = "a" })
  accept(s, { key = "a" })
  claim(s)
  s:release(1)
  t.equal(s:run(1).attempt, 0)
  t.equal({ claim(s), claim(s) }, { 1 })
end)

-- From state to state --------------------------------------------------------------------------------------------

t.test("knows the process of a run, and how it ended", function()
  local s = open()
  accept(s)
  claim(s)
  s:started(1, { pid = 42, pid_start = "12345" })
  s:started(1, { commit = "deadbeef" })
  local run = s:run(1)
  t.equal({ run.pid, run.pid_start, run.commit }, { 42, "12345", "deadbeef" })
  s:finish(1, { state = "failed", at = 77, outcome = "it broke", exit = 5, summary = { changed = 2 },
    error = { code = "plan.conflict", message = "caf\xe9 \xf0\x9f", fault = { object = io.stdout }, ratio = 0 / 0 } })
  run = s:run(1)
  t.equal({ run.state, run.ended, run.outcome, run.exit }, { "failed", 77, "it broke", 5 })
  t.equal(run.summary, { changed = 2 })
  t.equal(run.error.message, "caf\u{FFFD} \u{FFFD}\u{FFFD}")
  t.match(run.error.fault.object, "file (")
end)

t.test("a run can be cancelled while it waits; one that runs is only marked", function()
  local s = open()
  for _ = 1, 3 do accept(s, { key = "a" }) end
  claim(s)
  t.equal(s:cancel(2, "ann", 50), "cancelled")
  t.equal(s:run(2).ended, 50)
  t.equal(s:run(2).outcome, "cancelled by ann")
  t.equal(#s:cancelling(), 0)
  t.equal(s:cancel(1, "bob"), "running")
  t.equal(s:cancelling()[1].cancelled_by, "bob")
  finish(s, 1, "cancelled")
  t.equal(claim(s), 3)
  local e = t.raises(function() s:cancel(1, "ann") end, "store.state")
  t.equal(e.message, "run 1 is cancelled, not waiting or running")
end)

t.test("a held run can be refused", function()
  local s = open()
  accept(s, { key = "a" })
  accept(s, { key = "a" })
  claim(s)
  s:hold(1, { plan = "{}" })
  s:reject(1, "ann", 60)
  t.equal(s:run(1).state, "cancelled")
  t.equal(s:run(1).outcome, "rejected by ann")
  t.equal(claim(s), 2)
end)

t.test("refuses what does not fit the state, naming it", function()
  local s = open()
  accept(s)
  local e = t.raises(function() s:approve(1, "ann", 1) end, "store.state")
  t.equal(e.message, "run 1 is queued, not held")
  t.raises(function() s:finish(1, { state = "done", at = 1 }) end, "store.state")
  t.raises(function() s:retry(1, { ready_at = 1 }) end, "store.state")
  t.raises(function() s:replay(1, "ann", 1) end, "store.state")
  t.raises(function() s:approve(7, "ann", 1) end, "store.unknown")
  claim(s)
  local wrong = t.raises(function() s:finish(1, { state = "deed", at = 1 }) end, "argument")
  t.match(wrong.hint, '"dead"')
  finish(s, 1)
  t.raises(function() finish(s, 1) end, "store.state")
end)

t.test("a replay is a new run of the same delivery, behind those of its key", function()
  local s = open()
  accept(s, { key = "a", delivery_id = "x", body = "b", target = "lab", file = "f.lua" })
  accept(s, { key = "a" })
  claim(s)
  finish(s, 1, "dead")
  t.equal(s:replay(1, "ann", 500), 3)
  local run = s:run(3)
  t.equal({ run.source, run.who, run.target, run.file, run.state, run.created },
    { 1, "ann", "lab", "f.lua", "queued", 500 })
  t.equal(s:delivery(3).body, "b")
  t.equal({ claim(s), claim(s) }, { 2 })
  finish(s, 2)
  t.equal(claim(s), 3)
  finish(s, 3)
  t.equal(s:delivery(s:replay(3, "bob", 501)).body, "b", "of a replay, too")
  t.equal(s:accept { hook = "deploy", delivery_id = "x", at = 1 }.run, 1, "the delivery still is the first run's")
end)

t.test("a run that was started by hand is in the list, and in no queue", function()
  local s = open()
  local facts = { at = 5, kind = "apply", file = "web.lua", target = "lab", who = "ann", pid = 7, pid_start = "9" }
  t.equal(s:begin(facts), 1)
  t.is_nil(claim(s))
  t.equal(s:run(1).who, "ann")
  t.equal(s:unfinished()[1].pid, 7)
  finish(s, 1)
  t.equal(s:run(1).state, "done")
end)
