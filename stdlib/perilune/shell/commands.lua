--- What begins with a colon: commands of the shell itself.
local err = require "perilune.err"

local commands = {}

---@type table<string, { usage: string, doc: string, run: fun(session: perilune.shell.Session, argument: string) }>
local known = {}

commands.known = known

--- Whether something typed is a command, or a question for documentation.
---@param typed string
---@return boolean
function commands.is(typed)
  return typed:find "^%s*[:?]" ~= nil and not typed:find "^%s*::"
end

--- A request as it may be shown: no credentials of a URL, no ticket in a query.
---@param what string
---@return string
function commands.masked(what)
  return (what:gsub("(%a+://)[^/@%s]*@", "%1"):gsub("%?%S*", "?…"))
end

local function switch(field, words)
  return function(session, argument)
    if argument == "on" or argument == "off" then
      session[field] = argument == "on"
    elseif argument == "" then
      session[field] = not session[field]
    else
      err.raise { code = "argument", where = false, message = ("it is on or off, not %q"):format(argument) }
    end
    session:note(words .. (session[field] and " on" or " off"))
  end
end

known.time = {
  usage = ":time [on|off]", doc = "say after each line how long it took, and how many requests",
  run = switch("is_timing", "timing is"),
}

known.trace = {
  usage = ":trace [on|off]", doc = "show requests as they are answered",
  run = switch("is_tracing", "tracing is"),
}

known.help = {
  usage = ":help", doc = "this",
  run = function(session)
    local lines, names = {}, {}
    for name in pairs(known) do names[#names + 1] = name end
    table.sort(names)
    for _, name in ipairs(names) do
      lines[#lines + 1] = ("  %-18s %s"):format(known[name].usage, known[name].doc)
    end
    session:write(table.concat(lines, "\n") .. "\n")
  end,
}

--- Runs a command. May wait.
---@param session perilune.shell.Session
---@param typed string
function commands.run(session, typed)
  local name, argument = typed:match "^%s*:%s*(%a*)%s*(.-)%s*$"
  local command = known[name]
  if not command then
    err.raise {
      code = "usage", where = false, message = ("there is no command :%s"):format(name or ""),
      hint = err.suggest(name or "", known) or ":help lists the commands",
    }
  end
  command.run(session, argument)
end

return commands
