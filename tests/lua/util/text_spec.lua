--- Text for people.
local t = require "tests.support.spec"
local text = require "perilune.util.text"

t.test("writes control characters as escapes and leaves other text alone", function()
  t.equal(text.visible "web-01 größe → 日本", "web-01 größe → 日本")
  t.equal(text.visible "a\27[31mb\nc\td\0\127", "a\\x1b[31mb\\nc\\td\\x00\\x7f")
end)

t.test("writes what steers a terminal unseen as escapes", function()
  t.equal(text.visible "web\u{202e}10", "web\\u{202e}10")
  t.equal(text.visible "a\u{9b}31m\u{200b}", "a\\u{9b}31m\\u{200b}")
end)

t.test("writes bytes that are no UTF-8 as escapes", function()
  t.equal(text.visible "\xff\xfeweb\xe2\x86", "\\xff\\xfeweb\\xe2\\x86")
  t.equal(text.visible "ok\xc3\xa4\xc3", "okä\\xc3")
end)

t.test("pads and clips by columns", function()
  t.equal(text.pad("日本", 6) .. "|", "日本  |")
  t.equal(text.clip("vm \"web-01\"", 40), "vm \"web-01\"")
  t.equal(text.clip("日本日本", 5), "日本…")
  t.equal(text.width(text.clip("memory 2 GiB → 4 GiB", 10)), 10)
end)

t.test("wraps between words, and between items where there are any", function()
  t.equal(text.wrap("one two three four", 9), { "one two", "three", "four" })
  t.equal(text.wrap("[1] 20 GiB   [2] 100 GiB   [3] 5 GiB", 26), { "[1] 20 GiB   [2] 100 GiB", "[3] 5 GiB" })
  t.equal(text.wrap("a-word-that-is-longer-than-that", 10), { "a-word-that-is-longer-than-that" })
  t.equal(text.wrap("", 10), { "" })
end)

t.test("counts and keeps time", function()
  t.equal(text.count(1, "step"), "1 step")
  t.equal(text.count(0, "step"), "0 steps")
  t.equal({ text.spent(0.0115), text.spent(0.42), text.spent(48.2) }, { "12 ms", "0.4 s", "48 s" })
  t.equal(text.clock(41.9), "00:41")
  t.equal(text.clock(3723), "1:02:03")
end)
