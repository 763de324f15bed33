local store = require "perilune.store"
local t = require "tests.support.spec"

local function open(path, options)
  local s = store.open(path or t.tmpdir() .. "/store.db", options)
  t.cleanup(function() s:close() end)
  return s
end

local function accept(s, hook, fields)
  local delivery = { hook = hook, at = 1, headers = {}, body = "x", target = "lab" }
  for name, value in pairs(fields or {}) do delivery[name] = value end
  return s:accept(delivery).run
end

local function ids(list)
  local found = {}
  for i, run in ipairs(list) do found[i] = run.id end
  return found
end

--- Of runs 1 to 6: 1, 4 of a are done, 2, 5 of b dead, 3, 6 of a queued; 6 has the key k.
local function some()
  local s = open()
  for i = 1, 6 do
    accept(s, i % 3 == 2 and "b" or "a", { key = i == 6 and "k" or nil, at = i, target = i < 4 and "lab" or "prod" })
  end
  for _, id in ipairs { 1, 2, 4, 5 } do
    s.db:transact { { "UPDATE runs SET state = 'running', started = 5 WHERE id = ?", id } }
    s:finish(id, { state = id % 3 == 2 and "dead" or "done", at = id * 10 })
  end
  return s
end

t.test("lists runs, the newest first, a page at a time", function()
  local s = some()
  t.equal(ids(s:runs()), { 6, 5, 4, 3, 2, 1 })
  t.equal(ids(s:runs { limit = 2 }), { 6, 5 })
  t.equal(ids(s:runs { limit = 2, before = 5 }), { 4, 3 })
end)

t.test("chooses runs by state, several states, hook, key and target", function()
  local s = some()
  t.equal(ids(s:runs { state = "dead" }), { 5, 2 })
  t.equal(ids(s:runs { state = { "dead", "queued" } }), { 6, 5, 3, 2 })
  t.equal(ids(s:runs { state = { "dead", "queued" }, limit = 3, before = 6 }), { 5, 3, 2 })
  t.equal(ids(s:runs { hook = "a" }), { 6, 4, 3, 1 })
  t.equal(ids(s:runs { hook = "a", state = "done", before = 4 }), { 1 })
  t.equal(ids(s:runs { key = "k" }), { 6 })
  t.equal(ids(s:runs { target = "prod", state = { "done", "dead" } }), { 5, 4 })
  t.equal(ids(s:runs { state = {} }), {})
  t.match(t.raises(function() s:runs { stat = "dead" } end, "argument").hint, '"state"')
end)

t.test("counts runs by state and hook, and knows how long the oldest waits", function()
  local s = some()
  t.equal(s:counts(), { done = 2, dead = 2, queued = 2, oldest_queued = 3,
    by_hook = { a = { done = 2, queued = 2 }, b = { dead = 2 } } })
end)

t.test("the counts are those of the rows, whatever happened to them", function()
  local s = some()
  s:claim { at = 100 }
  s:cancel(6, "ann", 100)
  s:replay(1, "ann", 1)
  s:accept { hook = "c", at = 1, state = "ignored" }
  s:prune { older_than = 15 }
  local counts = s:counts()
  for _, row in ipairs(s.db:read { { "SELECT state, count(*) AS n FROM runs GROUP BY state" } }[1]) do
    t.equal(counts[row.state], row.n, row.state)
  end
  t.equal({ counts.running, counts.cancelled, counts.queued, counts.ignored, counts.done }, { 1, 1, 1, nil, 1 })
end)

t.test("finds what was running when the program ended", function()
  local path = t.tmpdir() .. "/store.db"
  local s = open(path)
  accept(s, "a")
  accept(s, "a")
  s:claim { at = 5 }
  s:started(1, { pid = 7, pid_start = "8" })
  s:close()
  local again = open(path)
  t.equal(again.id, s.id)
  t.equal(ids(again:unfinished()), { 1 })
  t.equal(again:unfinished()[1].pid_start, "8")
end)

t.test("forgets what ended long ago, with its log and delivery, and no id is used again", function()
  local s = some()
  s:log(5, { { at = 1, stream = "stdout", text = "a" } })
  t.equal(s:prune { older_than = 45 }, 3)
  t.equal(ids(s:runs()), { 6, 5, 3 })
  t.is_nil(s:delivery(1))
  t.equal(s:delivery(5).body, "x")
  t.equal(s:prune { older_than = 51 }, 1)
  t.equal(s:log_of(5), {})
  s:cancel(6, "ann", 1)
  s:cancel(3, "ann", 1)
  t.equal(s:prune { older_than = 100 }, 2)
  t.equal(s.db:read { { "SELECT count(*) AS n FROM deliveries" }, { "SELECT count(*) AS n FROM lanes" } },
    { { { n = 0 }, changes = 0 }, { { n = 0 }, changes = 0 } })
  t.equal(accept(s, "a"), 7)
end)

t.test("a delivery stays as long as a replay of it", function()
  local s = open()
  accept(s, "a", { delivery_id = "x" })
  s:claim { at = 5 }
  s:finish(1, { state = "done", at = 10 })
  s:replay(1, "ann", 20)
  t.equal(s:prune { older_than = 11 }, 1)
  t.equal(s:delivery(2).body, "x")
  s:cancel(2, "ann", 30)
  s:prune { older_than = 31 }
  t.equal(s.db:read { { "SELECT count(*) AS n FROM deliveries" } }[1][1].n, 0)
end)

t.test("forgets many in pieces", function()
  local s = open()
  local batch = {}
  for i = 1, 450 do
    batch[i] = { "INSERT INTO runs (hook, state, created, ready_at, ended) VALUES ('a', 'done', 1, 1, ?)", i }
  end
  s.db:transact(batch)
  t.equal(s:prune { older_than = 441 }, 440)
  t.equal(s:counts().done, 10)
end)

t.test("hears of what another program changed", function()
  local path = t.tmpdir() .. "/store.db"
  local s, other = open(path), open(path)
  t.is_false(s:changed())
  accept(s, "a")
  t.is_false(s:changed(), "what it changed itself is no news")
  other:cancel(1, "ann", 2)
  t.is_true(s:changed())
  t.is_false(s:changed())
end)

t.test("a store that is opened for reading shows all and changes nothing", function()
  local path = t.tmpdir() .. "/store.db"
  t.raises(function() open(path, { readonly = true }) end, "store.io")
  accept(open(path), "a")
  local s = open(path, { readonly = true })
  t.equal(ids(s:runs()), { 1 })
  t.raises(function() s:cancel(1, "ann", 2) end, "store.readonly")
end)
