--- What begins with a colon: commands of the shell itself.
local err = require "perilune.err"
local help = require "perilune.shell.help"
local text = require "perilune.util.text"

local commands = {}

---@class perilune.shell.CommandOfShell
---@field usage string
---@field doc string
---@field takes "file"|string[]|nil  for completion
---@field run fun(session: perilune.shell.Session, argument: string)

---@type table<string, perilune.shell.CommandOfShell>
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
  usage = ":time [on|off]", takes = { "on", "off" },
  doc = "say after each line how long it took, and how many requests",
  run = switch("is_timing", "timing is"),
}

known.trace = {
  usage = ":trace [on|off]", takes = { "on", "off" },
  doc = "show requests as they are answered",
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

-- Declarations ------------------------------------------------------------------------------------------------

local function need(argument, usage)
  if argument == "" then
    err.raise { code = "usage", where = false, message = "a file is needed", hint = "write " .. usage }
  end
end

known.show = {
  usage = ":show", doc = "what was declared, as :save would write it",
  run = function(session)
    if session.declared:is_empty() then return session:note "nothing is declared" end
    session:write(session.declared:text())
  end,
}

known.save = {
  usage = ":save FILE", takes = "file", doc = "write what was declared as a playbook",
  run = function(session, path)
    need(path, ":save web-tier.lua")
    local file, problem = io.open(path, "wb")
    if not file then err.raise { code = "io", where = false, message = "cannot write " .. problem } end
    file:write(session.declared:text())
    file:close()
    session:note(("%s in %s"):format(text.count(#session.declared.entries, "declaration"), path))
  end,
}

known.load = {
  usage = ":load FILE", takes = "file", doc = "run a Lua file here; what a playbook declares is declared",
  run = function(session, path)
    need(path, ":load web-tier.lua")
    local before = #session.declared.entries
    session:load(path)
    local added = #session.declared.entries - before
    if added > 0 then session:note(text.count(added, "declaration") .. " more; plan() shows what they change") end
  end,
}

known.target = {
  usage = ":target [NAME]", doc = "connect to another target; what was declared stays",
  run = function(session, name)
    if name ~= "" then session:connect(name) end
    session:note(session.vc and tostring(session.vc) or "not connected")
  end,
}

-- Keys --------------------------------------------------------------------------------------------------------

local function keys(mode)
  return function(session)
    local set = session.options.mode
    if not set then err.raise { code = "argument", where = false, message = "there are no keys without a terminal" } end
    set(mode)
  end
end

known.vi = { usage = ":vi", doc = "keys as in vi, from the next line on", run = keys "vi" }
known.emacs = { usage = ":emacs", doc = "keys as in Emacs, from the next line on", run = keys "emacs" }

-- Running -----------------------------------------------------------------------------------------------------

--- Runs a command. May wait.
---@param session perilune.shell.Session
---@param typed string
function commands.run(session, typed)
  local asked = typed:match "^%s*%?(.*)$"
  if asked then
    local lines = help.asked(asked, session:width(), function(name) return session.env:get(name) end)
    return session:write(table.concat(lines, "\n") .. "\n")
  end
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
