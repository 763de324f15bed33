--- Other programs, for tests: run to the end, or in the background.
local task = require "perilune.c.task"

local process = {}

local function quote(word)
  return "'" .. tostring(word):gsub("'", "'\\''") .. "'"
end

local function read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  assert(file:close())
end

local function output_of(line)
  local pipe = assert(io.popen(line, "r"))
  local text = pipe:read "a"
  pipe:close()
  return text
end

---@return string path  of a new directory
function process.tmpdir()
  return (output_of "mktemp -d":gsub("\n$", ""))
end

function process.remove(path)
  os.execute("rm -rf " .. quote(path))
end

--- The program under test, where the spec names the usual one.
local function program(word)
  return word == "build/perilune" and os.getenv "PERILUNE" or word
end

--- A shell command: the words, their environment and what goes to and comes from them.
local function shell_line(command, directory)
  local words = {}
  if command.cwd then words[1] = "cd " .. quote(command.cwd) .. " &&" end
  words[#words + 1] = "exec env"
  local removed = #words
  for name, value in pairs(command.env or {}) do -- env takes what it removes first
    local place = value and #words + 1 or removed + 1
    table.insert(words, place, value and quote(name .. "=" .. value) or "-u " .. quote(name))
  end
  words[#words + 1] = quote(program(command[1]))
  for i = 2, #command do words[#words + 1] = quote(command[i]) end
  write(directory .. "/stdin", command.stdin or "")
  local redirected = ("<%s/stdin >%s/stdout 2>%s/stderr"):format(directory, directory, directory)
  return table.concat(words, " ") .. " " .. redirected
end

local function outcome(directory, status)
  return { status = status, stdout = read(directory .. "/stdout"), stderr = read(directory .. "/stderr") }
end

---@class tests.Command
---@field env? table<string, string|false>  false: without it
---@field stdin? string
---@field cwd? string
---@field [integer] string                  program and arguments; "build/perilune" stands for $PERILUNE

---@class tests.Outcome
---@field status integer  exit code; 128 + number of the signal
---@field stdout string
---@field stderr string

--- Runs a program to its end. Other tasks wait meanwhile.
---@param command tests.Command
---@return tests.Outcome
function process.command(command)
  local directory = process.tmpdir()
  local _, kind, number = os.execute("(" .. shell_line(command, directory) .. ")")
  local result = outcome(directory, kind == "signal" and 128 + number or number)
  process.remove(directory)
  return result
end

---@class tests.Background
---@field pid integer
local Background = {}
Background.__index = Background

--- Starts a program; it is killed at the end of the test if it still runs.
---@param command tests.Command
---@return tests.Background
function process.background(command)
  local directory = process.tmpdir()
  local self = setmetatable({ directory = directory }, Background)
  local line = "(%s) &\necho $! >%s/started\nwait $!\necho $? >%s/ended.new\nmv %s/ended.new %s/ended\n"
  write(directory .. "/line",
    line:format(shell_line(command, directory), directory, directory, directory, directory))
  os.execute(("sh %s/line >/dev/null 2>&1 &"):format(directory))
  self.pid = math.tointeger(tonumber(self:await(function() return self:text("started"):match "%d+" end)))
  require("tests.support.spec").cleanup(function() self:close() end)
  return self
end

--- What the file holds so far.
function Background:text(name)
  local file = io.open(self.directory .. "/" .. name, "rb")
  if not file then return "" end
  local text = file:read "a"
  file:close()
  return text
end

--- Looks until fn returns something. Other tasks run meanwhile.
function Background:await(fn)
  while true do
    local value = fn()
    if value then return value end
    task.sleep(0.01)
  end
end

--- Waits until the program has written a text, to stdout or stderr. Raises if it ends without.
function Background:wait_for(part)
  self:await(function()
    if (self:text "stdout" .. self:text "stderr"):find(part, 1, true) then return true end
    if self:text "ended" ~= "" then
      error(("the program ended without writing %q:\n%s%s"):format(part, self:text "stdout", self:text "stderr"), 0)
    end
  end)
end

---@param name string  "INT", "TERM", …
function Background:signal(name)
  os.execute(("kill -%s %d 2>/dev/null"):format(name, self.pid))
end

---@return tests.Outcome
function Background:wait()
  local status = self:await(function() return self:text("ended"):match "%d+" end)
  return outcome(self.directory, math.tointeger(tonumber(status)))
end

--- Kills the program if it still runs, and forgets its output.
function Background:close()
  if self:text "ended" == "" then
    self:signal "KILL"
    self:wait()
  end
  process.remove(self.directory)
end

return process
