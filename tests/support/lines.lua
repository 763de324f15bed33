--- A program that reads lines with perilune.c.line and says what it got, for tests/lua/c/line_spec.lua.
---
--- A line is a command of its first word, else it is only shown. arg: history, keys, text to start from.
local line = require "perilune.c.line"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"

local function given(i)
  return arg[i] ~= "" and arg[i] or nil
end

local editor <close> = line.open { terminal = os.getenv "TERM", history = given(1), mode = given(2) }
local prompt = os.getenv "PROMPT" or "lab> "

local names = {
  one = { "PowerOnVM_Task" },
  few = { "PowerOnVM_Task", "PowerOffVM_Task", "日本語の名前", "日本橋" },
  many = {},
}
for i = 1, 300 do names.many[i] = ("name-%03d"):format(i) end

--- What can stand behind the first word.
local function answer(event)
  local before = event.text:sub(1, event.cursor)
  local list, word = before:match "^(%w+) (.*)$"
  if list == "slow" then task.sleep(0.5) end
  if list == "message" then return { message = "names are being read …" } end
  local items = {}
  for _, name in ipairs(names[list] or names[list == "notes" and "few"] or {}) do
    if name:sub(1, #word) == word then
      items[#items + 1] = { text = name, suffix = "(", note = list == "notes" and ("about " .. name):rep(5) or nil }
    end
  end
  return { from = event.cursor - #(word or ""), items = items, more = list == "many" and 10 or nil }
end

local function in_background(times)
  scope.spawn(function()
    for i = 1, times do
      task.sleep(0.02)
      editor:print("background " .. i)
    end
  end)
end

local commands = {
  ticks = function(n) in_background(tonumber(n)) end,
  fail = function() error("on purpose", 0) end,
  sleep = function() task.sleep(60) end,
  vi = function() editor:mode "vi" end,
}

local events = {}
function events.line(event)
  editor:print(("<%s>"):format((event.text:gsub("\n", "|"))))
  if event.text ~= "" then editor:remember(event.text) end
  local name, argument = event.text:match "^(%w+) ?(.*)$"
  if commands[name] then commands[name](argument) end
end
function events.complete(event) editor:complete(answer(event)) end
function events.interrupt() editor:print "(interrupted)" end

while true do
  local event = editor:next { prompt = prompt, text = given(3) }
  if event.type == "end" then break end
  events[event.type](event)
end
editor:print "(ended)"
