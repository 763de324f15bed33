--- Measures tasks from inside: arg[1] says what. Figures go to stdout, one line.
local task = require "perilune.c.task"

local function status(field)
  for line in io.lines "/proc/self/status" do
    local value = line:match("^" .. field .. ":%s*(%d+)")
    if value then return tonumber(value) end
  end
end

local function sleepers(count, seconds)
  for _ = 1, count do spawn(function() sleep(seconds) end) end
end

local function two_frames()
  sleep(60)
end

local measures = {}

--- Bytes of memory that a sleeping task with two frames takes.
function measures.memory()
  local count = 100000
  collectgarbage()
  local before, tasks = status "VmRSS", {}
  for i = 1, count do tasks[i] = spawn(function() two_frames() end) end
  sleep(0.01)
  collectgarbage()
  local bytes = (status "VmRSS" - before) * 1024 / count
  for _, one in ipairs(tasks) do one:cancel() end
  return bytes
end

--- Switches and CPU seconds of 10,000 tasks that sleep while the program does for five seconds.
function measures.idle()
  sleepers(10000, 6)
  sleep(0.5)
  local switches, cpu = status "voluntary_ctxt_switches", os.clock()
  sleep(5)
  return status "voluntary_ctxt_switches" - switches, os.clock() - cpu
end

--- CPU seconds of waking from a sleep and sleeping again, all having begun their first.
function measures.wake()
  local count, rounds = 10000, 3
  local tasks = {}
  for i = 1, count do
    tasks[i] = spawn(function()
      for _ = 1, rounds do sleep(0.5 + i / 2e4) end
    end)
  end
  sleep(0.1)
  local cpu = os.clock()
  for _, one in ipairs(tasks) do one:join() end
  return (os.clock() - cpu) / (count * rounds)
end

--- CPU seconds of handing over to another task.
function measures.switch()
  local count, self = 500000, task.current()
  local partner = task.spawn(function()
    for _ = 1, count do
      task.park()
      self:wake()
    end
  end)
  local cpu = os.clock()
  for _ = 1, count do
    partner:wake()
    task.park()
  end
  return (os.clock() - cpu) / (2 * count)
end

print(measures[arg[1]]())
