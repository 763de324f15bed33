--- Secrets that a person types, unseen.
local process = require "perilune.c.process"
local term = require "perilune.c.term"

local prompt = {}

--- Turns the terminal's echo off until the value is closed.
local function without_echo()
  process.run { "stty", "-echo" }
  return setmetatable({}, {
    __close = function()
      process.run { "stty", "echo" }
      term.write(2, "\n")
    end,
  })
end

--- Whether there is somebody to ask.
---@return boolean
function prompt.is_possible()
  return term.isatty(0)
end

--- Asks; nil when there is no answer. Waits.
---@param question string
---@return string?
function prompt.secret(question)
  term.write(2, question .. ": ")
  local quiet <close> = without_echo() -- luacheck: ignore 211
  return term.read_line()
end

return prompt
