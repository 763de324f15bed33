--- The words of the shell that are neither Lua's nor a playbook's.
local help = require "perilune.shell.help"
local inspect = require "perilune.util.inspect"
local text = require "perilune.util.text"

local words = {}

local function printed(session)
  return function(...)
    local parts = table.pack(...)
    for i = 1, parts.n do parts[i] = inspect.printed(parts[i]) end
    session:write(table.concat(parts, "\t", 1, parts.n) .. "\n")
  end
end

local function log_at(session, level)
  return function(message, fields)
    local parts = {}
    for name, value in pairs(fields or {}) do
      parts[#parts + 1] = ("%s=%s"):format(text.visible(name), text.visible(value))
    end
    table.sort(parts)
    table.insert(parts, 1, level .. ": " .. text.visible(message))
    session:write(table.concat(parts, "  ") .. "\n")
  end
end

local function lines_written(session, lines)
  session:write(table.concat(lines, "\n") .. "\n")
end

--- Gives a session its words.
---@param session perilune.shell.Session
function words.add(session)
  local known = session.env.words
  known.print = printed(session)
  known.log = { info = log_at(session, "info"), warn = log_at(session, "warn") }
  known.inspect = inspect.text
  known.spawn = session.background:word()
  known.vcenter = function() return session:vcenter() end
  known.more = function() session:more() end
  known.help = function(value) lines_written(session, help.about(value, session:width())) end
  known.doc = function(word) lines_written(session, help.word(word, session:width())) end
  known.vc = session.vc
  for name, word in pairs(session.declared:words()) do known[name] = word end
end

return words
