--- Colours.
local style = require "perilune.util.style"
local t = require "tests.support.spec"

local function environment(values)
  return function(name) return values[name] end
end

t.test("colours a terminal, unless the environment refuses", function()
  t.is_true(style.wanted("auto", true, environment { TERM = "xterm" }))
  t.is_true(style.wanted("auto", true, environment { NO_COLOR = "" }))
  t.is_false(style.wanted("auto", true, environment { NO_COLOR = "1" }))
  t.is_false(style.wanted("auto", true, environment { TERM = "dumb" }))
  t.is_false(style.wanted("auto", false, environment {}))
end)

t.test("does as it was told, whatever the terminal", function()
  t.is_true(style.wanted("always", false, environment { NO_COLOR = "1" }))
  t.is_false(style.wanted("never", true, environment {}))
end)

t.test("marks text by its role, or not at all", function()
  t.equal(style.new(true):paint { { "+", "add" }, { " vm" } }, "\27[32m+\27[0m vm")
  t.equal(style.new(false):paint { { "+", "add" }, { " vm" } }, "+ vm")
end)

t.test("clips spans by columns and keeps their roles", function()
  local spans = { { "→ one", "good" }, { " two three", "dim" } }
  t.equal(style.width(spans), 15)
  t.equal(style.clip(spans, 9), { { "→ one", "good" }, { " tw…", "dim" } })
end)
