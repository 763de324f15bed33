--- Runs a function of hooks.lua on what a stranger sent, for so many instructions and no more.
---
--- It runs in a coroutine of its own, whose hook raises when they are used up, and from then on at every
--- instruction, so that no pcall holds it back. The function cannot wait.
local err = require "perilune.err"

local budget = {}

--- Instructions of Lua's machine: some ten milliseconds.
budget.INSTRUCTIONS = 1000000

local function limit(co, what)
  local message = ("%s took more than %d instructions"):format(what, budget.INSTRUCTIONS)
  local e = err.new { code = "limit", where = false, message = message,
    hint = "it is to look at the event, no more; what takes long belongs into run" }
  return function()
    debug.sethook(co, function() error(e, 0) end, "", 1)
    error(e, 0)
  end
end

--- The result of fn(…); an error of it is raised as one of ours, with its place.
---@param what string  what it is, for messages: 'when of hook "deploy"'
---@param fn function
---@return any
function budget.call(what, fn, ...)
  local co = coroutine.create(function(...) return xpcall(fn, err.wrap, ...) end)
  debug.sethook(co, limit(co, what), "", budget.INSTRUCTIONS)
  local resumed, ok, result = coroutine.resume(co, ...)
  if not resumed then error(err.wrap(ok), 0) end
  if coroutine.status(co) ~= "dead" then
    err.raise { code = "serve.config", where = false, message = what .. " cannot wait" }
  end
  if ok then return result end
  if err.has(result, "limit") then error(result, 0) end
  err.raise {
    code = "serve.hook", where = result.where or false, cause = result, message = what .. ": " .. result.message,
  }
end

return budget
