--- Deliveries under fire: the server is killed ten times in the middle, and each delivery is accounted for by its id.
local err = require "perilune.err"
local hooks = require "tests.support.hooks"
local http = require "perilune.c.http"
local json = require "perilune.c.json"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local KILLS, SENDERS, DELIVERIES = 10, 16, 10000

local HOOKS = [[
listen "127.0.0.1:%d"
limits { runs = 2 }
hook "load" {
  auth = github { secret = secret.env "WEBHOOK_SECRET" },
  when = function(event) return event.body.n %% 1000 == 0 end,
  run = function(event)
    local file <close> = io.open("started.txt", "a")
    file:write(event.id, "\n")
  end,
  retries = { max = 100 },
}
]]

--- Sends a delivery until it is answered; each answer is kept.
local function send(pool, url, n, answers)
  local id, body = "d-" .. n, json.encode { n = n }
  while true do
    local ok, result = xpcall(function()
      local response <close> = pool:request { url = url .. "/hooks/load", method = "POST",
        headers = hooks.github("push", id, body), body = body }
      return { response.status, json.decode(response:text()) }
    end, err.wrap)
    if ok and result[1] == 202 then
      answers[id] = answers[id] or {}
      table.insert(answers[id], result[2].run)
      return
    end
    if not ok and err.has(result, "task.cancelled") then error(result, 0) end
    task.sleep(0.02)
  end
end

local function free_port()
  local server <close> = require("perilune.c.serve").new {}
  return server:listen { address = "127.0.0.1", port = 0 }.port
end

local function send_all(url, answers, progress)
  local pool <close> = http.pool { connections = SENDERS, connect_timeout = 5, stall_timeout = 10 }
  local list = {}
  for n = 1, DELIVERIES do list[n] = n end
  scope.parallel(SENDERS, list, function(n)
    send(pool, url, n, answers)
    progress.count = progress.count + 1
    if n % 7 == 0 then send(pool, url, n, answers) end -- once more, as senders do
  end)
end

local function kill_now_and_then(s, progress)
  for i = 1, KILLS do
    local goal = DELIVERIES * i // (KILLS + 1)
    while progress.count < goal do task.sleep(0.005) end
    s:kill()
    task.sleep(0.05)
    local after = #s.records
    s:run()
    s:await_log("serving", after)
  end
end

t.test("no delivery that was answered is lost, and none is doubled, over ten kills", function()
  local s = hooks.start { hooks = HOOKS:format(free_port()) }
  local answers, progress = {}, { count = 0 }
  scope.all {
    function() send_all(s.url, answers, progress) end,
    function() kill_now_and_then(s, progress) end,
  }
  local starts, by_id, count = 0, {}, 0
  for _, record in ipairs(s.records) do starts = starts + (record.message == "serving" and 1 or 0) end
  t.equal(starts, KILLS + 1)
  for _, run in ipairs(s:store():runs { limit = 100000 }) do
    by_id[run.delivery_id], count = (by_id[run.delivery_id] or 0) + 1, count + 1
  end
  t.equal(count, DELIVERIES)
  for id, runs in pairs(answers) do
    t.equal(by_id[id], 1, id)
    for _, run in ipairs(runs) do t.equal(run, runs[1], id) end
  end
  hooks.await("all runs to end", function()
    local counts = s:store():counts()
    return (counts.queued or 0) == 0 and (counts.running or 0) == 0
  end)
  t.equal(s:store():counts().done, DELIVERIES // 1000)
end)
