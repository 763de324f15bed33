local store = require "perilune.store"
local t = require "tests.support.spec"

local KILLS = 15

--- Runs tests/support/accepter.lua until it has answered some deliveries, and kills it in the middle of its work.
--- Returns what it said, but for a last line that was cut.
local function killed(path, first, lines)
  local program = t.background { "build/perilune", "run", "tests/support/accepter.lua", path, tostring(first) }
  program:await(function()
    t.equal(program:text "ended", "", program:text "stderr")
    return select(2, program:text("stdout"):gsub("accepted", "")) >= lines
  end)
  program:signal "KILL"
  local outcome = program:wait()
  t.equal(outcome.status, 137)
  return outcome.stdout:match "^.*\n"
end

--- What was said of all rounds: { delivery = run }, { run = how often it was taken }, and how many deliveries.
local function rounds(path)
  local runs, claims, count = {}, {}, 0
  for round = 1, KILLS do
    local said = killed(path, count + 1, 40 * round)
    for id, run in said:gmatch "accepted (%S+) (%d+)\n" do
      runs[id] = math.tointeger(tonumber(run))
      count = math.max(count, math.tointeger(tonumber(id:match "%d+")))
    end
    for run in said:gmatch "claimed (%d+)" do claims[run] = (claims[run] or 0) + 1 end
  end
  return runs, claims, count
end

t.test("what was answered is there after kill -9, once, and was taken once", function()
  local path = t.tmpdir() .. "/store.db"
  local runs, claims, count = rounds(path)
  local s = store.open(path)
  t.cleanup(function() s:close() end)
  t.equal(s.db:read { { "PRAGMA integrity_check" } }[1][1].integrity_check, "ok")

  local kept = {}
  for _, one in ipairs(s.db:read { { "SELECT id, delivery_id, attempt FROM runs" } }[1]) do
    t.is_nil(kept[one.delivery_id], "a delivery is there once")
    kept[one.delivery_id] = one.id
    t.is_true(one.attempt <= 1, "a run is taken once")
  end
  local answered = 0
  for id, run in pairs(runs) do
    answered = answered + 1
    t.equal(kept[id], run, id)
    t.equal(s:delivery(run).body, id)
  end
  t.is_true(answered >= 40 * KILLS * (KILLS + 1) // 2)
  for run, times in pairs(claims) do t.equal(times, 1, "run " .. run) end

  -- A sender that had no answer sends again.
  for number = math.max(1, count - 60), count do
    local id = "delivery-" .. number
    t.equal(s:accept({ hook = "hook", delivery_id = id, at = 1 }).is_new, kept[id] == nil, id)
  end
end)

t.test("after kill -9 the counts, and whose turn it is, are right", function()
  local path = t.tmpdir() .. "/store.db"
  for round = 1, 3 do killed(path, round * 100000, 100) end
  local s = store.open(path)
  t.cleanup(function() s:close() end)
  local counts = s:counts()
  for _, row in ipairs(s.db:read { { "SELECT state, count(*) AS n FROM runs GROUP BY state" } }[1]) do
    t.equal(counts[row.state], row.n, row.state)
  end
  for _, run in ipairs(s:unfinished()) do s:finish(run.id, { state = "failed", at = 1 }) end
  local busy = {}
  local waiting = s:counts().queued or 0
  for _ = 1, waiting do
    local run = s:claim { at = s.now() }
    t.is_nil(busy[run.key])
    busy[run.key] = run.id
    if next(busy, next(busy)) then -- two keys are running: end both
      for key, id in pairs(busy) do
        s:finish(id, { state = "done", at = 1 })
        busy[key] = nil
      end
    end
  end
  t.is_nil(s:claim { at = s.now() })
end)
