--- Help and usage errors, as the program prints them.
local t = require "tests.support.spec"

local commands = { "plan", "apply", "destroy", "validate", "run", "repl", "eval", "doc", "version" }

local function perilune(...)
  return t.command { "build/perilune", ... }
end

t.test("lists its commands", function()
  local result = perilune("--help")
  t.equal({ result.status, result.stderr }, { 0, "" })
  for _, name in ipairs(commands) do t.find(result.stdout, "\n  " .. name .. " ") end
  t.equal(perilune("help").stdout, result.stdout)
end)

t.test("explains each command on one screen, with three examples", function()
  for _, name in ipairs(commands) do
    local result = perilune(name, "--help")
    t.equal({ result.status, result.stderr }, { 0, "" }, name)
    local _, lines = result.stdout:gsub("\n", "")
    t.is_true(lines <= 24, ("%s: %d lines"):format(name, lines))
    local _, examples = result.stdout:match("\nExamples:\n(.*)"):gsub("\n?  perilune ", "")
    t.equal(examples, 3, name)
    for line in result.stdout:gmatch "[^\n]+" do t.is_true(utf8.len(line) <= 110, line) end
    t.equal(perilune("help", name).stdout, result.stdout)
  end
end)

t.test("offers the nearest command", function()
  local result = perilune("aply", "web.lua")
  t.equal({ result.status, result.stdout }, { 1, "" })
  t.equal(result.stderr, "perilune has no command 'aply'; did you mean \"apply\"?\n")
end)

t.test("wants a command", function()
  local result = perilune()
  t.equal(result.status, 1)
  t.match(result.stderr, "perilune --help")
end)

t.test("offers the nearest flag", function()
  local result = perilune("plan", "web.lua", "--tragt", "lab")
  t.equal(result.status, 1)
  t.match(result.stderr, "did you mean '--target'?")
  t.match(result.stderr, "perilune plan --help")
end)

t.test("says what it is made of", function()
  local result = perilune("version")
  t.equal(result.status, 0)
  t.find(result.stdout, "^perilune %d+%.%d+%.%d+\nLua 5%.4")
  t.find(result.stdout, "\nvSphere API %d")
  t.equal(perilune("--version").stdout, result.stdout)
end)
