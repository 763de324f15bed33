--- Runs one of the cases below guarded, and tells how it ended, for tests/lua/c/interrupt_spec.lua. arg: the case.
local coroutines = require "perilune.c.coroutine"
local err = require "perilune.err"
local interrupt = require "perilune.c.interrupt"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local function say(...)
  io.stdout:write(table.concat({ ... }, " "), "\n")
  io.stdout:flush()
end

local cases = {}

function cases.loop()
  while true do end
end

function cases.wait()
  task.sleep(60)
end

function cases.swallowing_loop()
  while true do pcall(function() while true do end end) end
end

function cases.deep_swallowing()
  local function deep(n)
    while true do pcall(n > 0 and function() deep(n - 1) end or cases.loop) end
  end
  deep(20)
end

function cases.swallowing_handler()
  while true do xpcall(cases.loop, function(e) return e end) end
end

function cases.swallowing_waits()
  while true do pcall(task.sleep, 60) end
end

function cases.where_nothing_waits()
  table.sort({ 3, 2, 1 }, function() while true do end end)
end

function cases.coroutine()
  local inner = coroutine.create(cases.loop)
  local outer = coroutine.create(function() error(select(2, coroutines.resume(inner)), 0) end)
  error(select(2, coroutines.resume(outer)), 0)
end

function cases.swallowing_coroutine()
  while true do
    local co = coroutine.create(function() while true do pcall(cases.loop) end end)
    while coroutines.resume(co) do end
  end
end

function cases.earlier_coroutine()
  local co = coroutine.create(function()
    coroutine.yield()
    while true do pcall(cases.loop) end
  end)
  coroutines.resume(co)
  while true do coroutines.resume(co) end
end

function cases.other_task()
  scope.spawn(cases.loop)
  task.sleep(60)
end

function cases.cleaning_up()
  local _ <close> = setmetatable({}, { __close = function()
    task.sleep(0.05)
    local n = 0
    for i = 1, 100000 do n = n + i end
    say("cleaned up", n)
  end })
  while true do end
end

function cases.swallowed_once()
  pcall(cases.loop)
  return "went on"
end

function cases.no_signal(...)
  return "values", ...
end

function cases.error()
  err.raise { code = "argument", message = "mine" }
end

local function outcome(ok, ...)
  if ok then return "returned", ... end
  local e = ...
  return "raised", type(e) == "table" and e.code or tostring(e)
end

if arg[1] == "held" then -- outside of any guard
  local held <close> = interrupt.take() -- luacheck: ignore 211
  scope.spawn(function() say("counted", interrupt.wait()) end)
  say "ready"
  repeat task.sleep(0.01) until interrupt.count() == 3
  say "still here"
else
  scope.spawn(function() while true do task.sleep(0.01) end end)
  say "ready"
  say(outcome(pcall(interrupt.guard, cases[arg[1]], "a", "b")))
  task.sleep(0.01)
  local n = 0
  for i = 1, 100000 do n = n + i end
  say(outcome(pcall(interrupt.guard, function() return n > 0 and "again" end)))
  os.exit(0)
end
