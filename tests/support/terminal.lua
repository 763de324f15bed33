--- Programs in a terminal, for tests: what a person types, and what a person sees.
---
---   local screen = terminal.start { "build/perilune", "repl", columns = 80, rows = 24, env = { NO_COLOR = "1" } }
---   screen:wait "lab> "          -- until the screen shows it
---   screen:send "1 + 1\r"        -- keys; \r is Enter, \3 Ctrl-C, \4 Ctrl-D, \t Tab, \27[A the arrow up
---   t.equal(screen:lines()[2], "2")
---
--- The terminal is pyte's, which reads control sequences as a real one does.
local base64 = require "perilune.util.base64"
local json = require "perilune.c.json"
local process = require "tests.support.process"
local spec = require "tests.support.spec"
local task = require "perilune.c.task"

local PATIENCE = 20 -- seconds until a text that does not come is a failure

local terminal = {}

---@class tests.Terminal
---@field directory string
local Terminal = {}
Terminal.__index = Terminal

---@class tests.Seen
---@field lines string[]   of the screen, from the top, without spaces behind
---@field above string[]   lines that were scrolled off its top
---@field row integer      of the cursor, from 1
---@field column integer   of the cursor, from 1
---@field pid integer
---@field status integer?  exit code, once the program has ended; 128 + the signal
---@field tty { icanon: boolean, echo: boolean, isig: boolean }  settings of the terminal
---@field paste boolean    pasted texts are marked

--- Starts a program; it is killed at the end of the test.
---@param command table  program and arguments; columns, rows, env as in spec.command
---@return tests.Terminal
function terminal.start(command)
  local self = setmetatable({ sent = 0 }, Terminal)
  self.directory = spec.tmpdir()
  local columns, rows = command.columns or 80, command.rows or 24
  local words = { "/usr/bin/python3", "tests/support/terminal.py", self.directory, columns, rows }
  for i, word in ipairs(command) do
    words[#words + 1] = i == 1 and word == "build/perilune" and os.getenv "PERILUNE" or word
  end
  words.env = { TERM = "xterm-256color", LINES = false, COLUMNS = false }
  for name, value in pairs(command.env or {}) do words.env[name] = value end
  self.program = process.background(words)
  self.program:await(function() return self:read() end)
  return self
end

function Terminal:read()
  local file = io.open(self.directory .. "/screen", "rb")
  if not file then
    if self.program:text "ended" ~= "" then error(self.program:text "stderr", 0) end
    return nil
  end
  local text = file:read "a"
  file:close()
  return json.decode(text)
end

--- What is seen now, after everything that was sent has reached the program.
---@return tests.Seen
function Terminal:seen()
  return self.program:await(function()
    local seen = self:read()
    if seen.handled == self.sent then return seen end
  end)
end

--- The lines of the screen now, without the empty ones at its end.
---@return string[]
function Terminal:lines()
  local lines = self:seen().lines
  while lines[#lines] == "" do lines[#lines] = nil end
  return lines
end

--- All lines since the start, also those that were scrolled away.
---@return string[]
function Terminal:all()
  local all = self:seen().above
  for _, line in ipairs(self:lines()) do all[#all + 1] = line end
  return all
end

--- Waits until fn(seen) returns something; fails with the screen if it does not.
---@param what string  for the failure
---@param fn fun(seen: tests.Seen): any
function Terminal:await(what, fn)
  local until_then = task.now() + PATIENCE
  while true do
    local value = fn(self:seen())
    if value then return value end
    if task.now() > until_then then
      spec.fail("the terminal never showed %s; it shows\n%s", what, table.concat(self:all(), "\n"))
    end
    task.sleep(0.01)
  end
end

--- Waits until a text stands on the screen or in what was scrolled away.
---@param part string  plain text within one line
---@param count? integer  how many lines have it, 1 by default
function Terminal:wait(part, count)
  self:await(("%q"):format(part), function(seen)
    local found = 0
    for _, lines in ipairs { seen.above, seen.lines } do
      for _, line in ipairs(lines) do
        if line:find(part, 1, true) then found = found + 1 end
      end
    end
    return found >= (count or 1)
  end)
end

--- Waits until the line of the cursor is this, up to spaces at its end: a prompt, with what is typed.
---@param line string
function Terminal:wait_line(line)
  self:await(("the line %q"):format(line), function(seen) return seen.lines[seen.row] == line end)
end

--- Waits until the program has ended; returns its exit code.
---@return integer
function Terminal:wait_end()
  return self:await("the end of the program", function(seen) return seen.status end)
end

local function command(self, ...)
  local pipe = assert(io.open(self.directory .. "/keys", "ab"))
  pipe:write(json.encode(json.array { ... }), "\n")
  pipe:close()
  self.sent = self.sent + 1
end

--- Types keys.
---@param keys string  bytes
function Terminal:send(keys)
  command(self, "send", base64.encode(keys))
end

--- Pastes a text as terminals do: between marks if the program has asked for them.
function Terminal:paste(text)
  command(self, "paste", base64.encode(text))
end

--- Changes the size of the window.
function Terminal:resize(columns, rows)
  command(self, "resize", columns, rows)
end

--- Sends a signal to the program: "TERM", "INT", …
function Terminal:signal(name)
  command(self, "signal", name)
end

--- All bytes that the program has written.
---@return string
function Terminal:written()
  local file = assert(io.open(self.directory .. "/written", "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

--- Ends the program by closing its terminal.
function Terminal:close()
  self.program:close()
end

return terminal
