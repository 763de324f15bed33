--- length: C functions have at most 60 lines (unless a switch says why), files of C and Lua at most 600.
package.path = "tests/lint/?.lua;" .. package.path
local tree = require "tree"

local MAX_FUNCTION, MAX_FILE = 60, 600

local function check_function(path, first, lines)
  if #lines <= MAX_FUNCTION then return end
  for _, line in ipairs(lines) do
    if line:find "switch %(.*/%* long: " then return end
  end
  tree.report(path, first,
    "a function of %d lines; split it (at most %d, unless its `switch (…) { /* long: why */`)",
    #lines, MAX_FUNCTION)
end

-- A function's braces are the ones alone in the first column; a type's opening brace is not.
local function check_functions(path, text)
  local first, lines
  tree.each_line(text, function(line, number)
    if line == "{" then first, lines = number, {} end
    if lines then lines[#lines + 1] = line end
    if line == "}" and lines then
      check_function(path, first, lines)
      lines = nil
    end
  end)
end

local function check_file(path, text)
  local _, count = text:gsub("\n", "")
  if count > MAX_FILE then
    tree.report(path, MAX_FILE, "a file of %d lines; split it (at most %d)", count, MAX_FILE)
  end
end

for _, path in ipairs(tree.files({ "runtime", "bindings", "stdlib", "tests" }, { ".c", ".h", ".lua" })) do
  local text = tree.read(path)
  check_file(path, text)
  if not path:find "%.lua$" then check_functions(path, text) end
end
tree.finish()
