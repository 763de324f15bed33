local t = require "tests.support.spec"
local terminal = require "tests.support.terminal"

local function start(options)
  options = options or {}
  return terminal.start {
    "build/perilune", "run", "tests/support/lines.lua", options.history or "", options.keys or "", options.text or "",
    columns = options.columns or 40, rows = options.rows or 12, env = options.env,
  }
end

--- Waits for an empty prompt that takes keys.
local function ready(screen)
  screen:await("an empty prompt", function(seen) return seen.lines[seen.row] == "lab>" and not seen.tty.icanon end)
end

local function after(screen, wanted)
  ready(screen)
  local lines = screen:all()
  t.equal(lines, wanted)
end

t.test("a line is what was typed until Enter", function()
  local screen = start()
  ready(screen)
  screen:send "one\r"
  screen:wait "<one>"
  after(screen, { "lab> one", "<one>", "lab>" })
end)

t.test("wide characters are edited as one each", function()
  local screen = start()
  ready(screen)
  screen:send "日本語é\27[D\27[D!\r"
  screen:wait "<日本!語é>"
  after(screen, { "lab> 日本!語é", "<日本!語é>", "lab>" })
end)

t.test("Ctrl-C drops the text, and stands behind it", function()
  local screen = start()
  ready(screen)
  screen:send "some text\1\3"
  screen:wait "(interrupted)"
  after(screen, { "lab> some text^C", "(interrupted)", "lab>" })
end)

t.test("Ctrl-D ends where there is no text, and leaves the terminal as it was", function()
  local screen = start()
  ready(screen)
  t.is_false(screen:seen().tty.icanon)
  screen:send "x\4\b\4"
  t.equal(screen:wait_end(), 0)
  t.equal(screen:lines(), { "lab>", "(ended)" })
  t.is_true(screen:seen().tty.icanon)
  t.is_true(screen:seen().tty.echo)
  t.is_false(screen:seen().paste)
end)

t.test("what is printed meanwhile stands above the prompt, and what is typed stays", function()
  local screen = start { rows = 40 }
  ready(screen)
  screen:send "ticks 20\r"
  screen:wait "background 1"
  screen:await("keys", function(seen) return not seen.tty.icanon end)
  for c in ("the quick brown fox jumps over the lazy dog"):gmatch "." do
    screen:send(c)
    screen:seen()
  end
  screen:wait "background 20"
  local wanted = { "lab> ticks 20", "<ticks 20>" }
  for i = 1, 20 do wanted[#wanted + 1] = "background " .. i end
  wanted[#wanted + 1] = "lab> the quick brown fox jumps over the"
  wanted[#wanted + 1] = "lazy dog"
  screen:wait_line "lazy dog"
  t.equal(screen:all(), wanted)
  screen:send "\r"
  screen:wait "<the quick brown fox jumps over the lazy"
end)

t.test("the history is there in the next run, and is searched backwards", function()
  local path = t.tmpdir() .. "/history"
  local screen = start { history = path }
  ready(screen)
  for i, text in ipairs { "alpha", "beta", "beta" } do
    screen:send(text .. "\r")
    screen:wait("<" .. text .. ">", i == 3 and 2 or 1)
    ready(screen)
  end
  screen:send "\4"
  screen:wait_end()
  t.equal(io.open(path):read "a", "alpha\nbeta\n")
  screen = start { history = path }
  ready(screen)
  screen:send "\27[A\27[A"
  screen:wait_line "lab> alpha"
  screen:send "\3"
  ready(screen)
  screen:send "\18lph"
  screen:wait "lab> alpha"
  screen:send "\r"
  screen:wait "<alpha>"
end)

t.test("several pasted lines are one entry, shown as they are", function()
  local screen = start()
  ready(screen)
  screen:paste "x = {\n  1,\n}\n"
  screen:wait_line "}"
  t.equal(screen:lines(), { "lab> x = {", "  1,", "}" })
  screen:send "\r"
  screen:wait "<x = {|  1,|}>"
end)

t.test("fifty pasted lines come whole, on a screen of twelve", function()
  local screen = start()
  ready(screen)
  local lines = {}
  for i = 1, 50 do lines[i] = "line " .. i end
  screen:paste(table.concat(lines, "\n"))
  screen:wait_line "line 50"
  screen:send "\r"
  screen:wait "|line 50>"
  t.match(table.concat(screen:all()), "<" .. table.concat(lines, "|") .. ">")
end)

t.test("Tab inserts what there is one of, lists several, and cuts long lists to the screen", function()
  local screen = start()
  ready(screen)
  screen:send "one Po\t"
  screen:wait_line "lab> one PowerOnVM_Task("
  screen:send "\21few Po\t"
  screen:wait_line "lab> few PowerO"
  t.equal(screen:all(), { "PowerOnVM_Task   PowerOffVM_Task", "lab> few PowerO" })
  screen:send "\21few 日\t"
  screen:wait_line "lab> few 日本"
  screen:send "\21many \t"
  screen:wait "more"
  for _, line in ipairs(screen:lines()) do t.is_true(utf8.len(line) <= 40, line) end
  screen:wait_line "lab> many"
end)

t.test("a resize draws the line anew", function()
  local screen = start()
  ready(screen)
  screen:send(("x"):rep(20))
  screen:wait_line("lab> " .. ("x"):rep(20))
  screen:resize(60, 20)
  screen:send(("y"):rep(30) .. "\r")
  screen:wait("lab> " .. ("x"):rep(20) .. ("y"):rep(30))
  screen:wait("<" .. ("x"):rep(20) .. ("y"):rep(30) .. ">")
end)

t.test("vi's keys are there when asked for", function()
  local screen = start { keys = "vi" }
  ready(screen)
  screen:send "one two"
  screen:wait_line "lab> one two"
  screen:send "\27"
  screen:await("the cursor moved", function(seen) return seen.column == 12 end)
  screen:send "bdwA!\r"
  screen:wait "<one !>"
end)

t.test("a dumb terminal gets no escape codes, and lines all the same", function()
  local screen = start { env = { TERM = "dumb" } }
  screen:wait "lab>"
  screen:send "some\3"
  screen:wait "(interrupted)"
  screen:send "ticks 3\r"
  screen:wait "background 3"
  screen:send "\4"
  t.equal(screen:wait_end(), 0)
  t.is_nil(screen:written():find "\27")
  t.is_true(screen:seen().tty.icanon)
end)

for name, ends in pairs {
  SIGTERM = function(screen) screen:signal "TERM" end,
  SIGHUP = function(screen) screen:signal "HUP" end,
  ["a crash"] = function(screen) screen:signal "SEGV" end,
  ["an error"] = function(screen) screen:send "fail\r" end,
} do
  t.test("the terminal is as it was after " .. name, function()
    local screen = start()
    ready(screen)
    t.is_false(screen:seen().tty.icanon)
    ends(screen)
    t.is_true(screen:wait_end() > 0)
    local seen = screen:seen()
    t.equal(seen.tty, { icanon = true, echo = true, isig = true })
    t.is_false(seen.paste)
  end)
end
