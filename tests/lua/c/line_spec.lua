local t = require "tests.support.spec"
local terminal = require "tests.support.terminal"

local function start(options)
  options = options or {}
  return terminal.start {
    "build/perilune", "run", "tests/support/lines.lua", options.history or "", options.keys or "", options.text or "",
    columns = options.columns or 40, rows = options.rows or 12, env = options.env,
  }
end

local function after(screen, wanted)
  screen:wait_line "lab>"
  local lines = screen:all()
  t.equal(lines, wanted)
end

t.test("a line is what was typed until Enter", function()
  local screen = start()
  screen:wait_line "lab>"
  screen:send "one\r"
  screen:wait "<one>"
  after(screen, { "lab> one", "<one>", "lab>" })
end)

t.test("wide characters are edited as one each", function()
  local screen = start()
  screen:wait_line "lab>"
  screen:send "日本語é\27[D\27[D!\r"
  screen:wait "<日本!語é>"
  after(screen, { "lab> 日本!語é", "<日本!語é>", "lab>" })
end)

t.test("Ctrl-C drops the text, and stands behind it", function()
  local screen = start()
  screen:wait_line "lab>"
  screen:send "some text\1\3"
  screen:wait "(interrupted)"
  after(screen, { "lab> some text^C", "(interrupted)", "lab>" })
end)

t.test("Ctrl-D ends where there is no text, and leaves the terminal as it was", function()
  local screen = start()
  screen:wait_line "lab>"
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
  screen:wait_line "lab>"
  screen:send "ticks 20\r"
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
