local t = require "tests.support.spec"
local term = require "perilune.c.term"

--- Runs a script; words, unless nil, is a shell command line around "$@".
local function script(text, stdin, words)
  local path = t.tmpdir() .. "/script.lua"
  local file = assert(io.open(path, "w"))
  file:write('local term = require "perilune.c.term"\n', text)
  file:close()
  local program = os.getenv "PERILUNE" or "build/perilune"
  return t.command { "sh", "-c", words or 'exec "$@"', t.tmpdir(), program, "run", path, stdin = stdin }
end

-- Standard input that stays open, after a first line.
local OPEN_INPUT = 'mkfifo "$0/in" && exec 0<>"$0/in" && echo first >"$0/in" && exec "$@"'

t.test("width of text counts columns, not bytes", function()
  t.equal(term.text_width "abc", 3)
  t.equal(term.text_width "é→✓", 3)
  t.equal(term.text_width "日本", 4)
  t.equal(term.text_width "e\u{301}", 1)
  t.equal(term.text_width "", 0)
end)

t.test("colours take no columns", function()
  t.equal(term.text_width "\27[1;31mred\27[0m", 3)
  t.equal(term.text_width "\27[", 1)
end)

t.test("bytes that are not UTF-8 take a column each", function()
  t.equal(term.text_width "a\xff\xfeb", 4)
  t.equal(term.text_width "\xe2\x82", 2)
end)

t.test("a pipe or file is no terminal and has no width", function()
  t.is_false(term.isatty(0))
  local result = script 'print(term.isatty(1), term.width())'
  t.equal(result.stdout, "false\tnil\n")
end)

t.test("lines are read from a file", function()
  local result = script("for line in term.read_line do print('<' .. line .. '>') end", "one\n\nlast")
  t.equal(result.stdout, "<one>\n<>\n<last>\n")
  t.equal(result.status, 0)
end)

t.test("a line can be awaited under a time limit, and the next wait goes on", function()
  local result = script([[
    print(term.read_line())
    for _ = 1, 2 do
      local _, e = pcall(timeout, 0.01, term.read_line)
      print(e.code)
    end
  ]], nil, OPEN_INPUT)
  t.equal(result.stdout, "first\ntask.timeout\ntask.timeout\n")
  t.equal(result.status, 0)
end)

t.test("only one task reads at a time", function()
  local result = script([[
    term.read_line()
    local _, e = pcall(all, { term.read_line, term.read_line })
    print(e.message)
  ]], nil, OPEN_INPUT)
  t.match(result.stdout, "another task is reading")
end)

t.test("text is written whole, past the buffers", function()
  local result = script 'term.write(1, ("x"):rep(200000)); term.write(2, "e")'
  t.equal(#result.stdout, 200000)
  t.equal(result.stderr, "e")
end)

t.test("a reader that is gone is an error, not the end of the program", function()
  local result = script([[
    local ok, e
    repeat ok, e = pcall(term.write, 1, ("x"):rep(65536)) until not ok
    io.stderr:write(e.code)
  ]], nil, '"$@" | true')
  t.equal(result.stderr, "io")
end)

t.test("a line that never ends is refused", function()
  local result = script([[
    local _, e = pcall(term.read_line)
    print(e.code)
  ]], ("x"):rep(2 * 1024 * 1024))
  t.equal(result.stdout, "limit\n")
end)
