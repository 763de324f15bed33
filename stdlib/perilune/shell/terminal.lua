--- The shell at a terminal: prompts, keys that are no text, history, and where the editor's and the session's
--- business meet. The editor is perilune.c.line.
local build = require "perilune.c.build"
local commands = require "perilune.shell.commands"
local complete = require "perilune.shell.complete"
local history = require "perilune.shell.history"
local text = require "perilune.util.text"

local terminal = {}

---@class perilune.shell.Terminal
---@field session perilune.shell.Session
---@field editor table
---@field private completer perilune.shell.Completer|nil
---@field private typed string|nil  the unfinished chunk
---@field private warned string|nil  what the last key asked for once already
local Terminal = {}
Terminal.__index = Terminal

local function prompt_of(self)
  local vc = self.session.vc
  local name = vc and text.visible(vc.name) or "perilune"
  if self.typed then return (" "):rep(math.max(text.width(name) - 2, 0)) .. ".. " end
  return name .. "> "
end

--- The line that greets: what is connected, and three things to begin with. The number of machines would be a request
--- more than connecting takes, so it is not in it.
---@param session perilune.shell.Session
---@param width integer
---@return string
function terminal.banner(session, width)
  local vc, parts = session.vc, { "Perilune " .. build.version }
  if vc then
    parts[2] = text.visible(vc.name)
    parts[3] = ("%s %s"):format(vc.about.apiType == "HostAgent" and "ESXi" or "vSphere", text.visible(vc.about.version))
  else
    parts[2] = "not connected: there is no vc; :target NAME connects"
  end
  local left, right = table.concat(parts, " · "), 'help() · doc "word" · Ctrl-D ends'
  local gap = math.min(width, 100) - text.width(left) - text.width(right)
  return gap >= 2 and left .. (" "):rep(gap) .. right .. "\n" or left .. "\n" .. right .. "\n"
end

--- Asks; whatever is not yes means no. Waits.
---@param editor table
---@param question string
---@return boolean
function terminal.ask(editor, question)
  local event
  repeat
    event = editor:next { prompt = question .. " [y/N] " }
    if event.type == "complete" then editor:complete { from = event.cursor, items = {} } end
  until event.type ~= "complete"
  local answer = event.type == "line" and event.text:lower():match "^%s*(.-)%s*$"
  return answer == "y" or answer == "yes"
end

--- What completes, over a session: perilune.shell.complete. Names are those of the connection of the moment.
local function new_completer(session)
  local list = {}
  for name, command in pairs(commands.known) do
    list[#list + 1] = { name = name, doc = command.doc, takes = command.takes }
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return complete.open {
    env = function(name) return session.env:get(name) end,
    env_names = function() return session.env:names() end,
    commands = list, names = session:names(),
  }
end

-- Keys --------------------------------------------------------------------------------------------------------

local on = {}

function on.line(self, event)
  self.warned = nil
  local typed = self.typed and self.typed .. "\n" .. event.text or event.text
  if not typed:find "%S" then return end
  local state = self.session:evaluate(typed)
  self.typed = state == "more" and typed or nil
  if state ~= "more" then
    local secrets = self.session.vc and history.secrets_of(self.session.vc.target)
    if history.may_keep(typed, secrets) then self.editor:remember(typed) end
  end
  if self.session.was_interrupted then self.warned = "interrupt" end
end

--- Tab: what was typed before in the same chunk is known to the completer, the editor knows its own text only.
function on.complete(self, event)
  local before = self.typed and self.typed .. "\n" or ""
  if self.completes_for ~= self.session.vc then
    self.completer, self.completes_for = new_completer(self.session), self.session.vc
  end
  local answer = self.completer:at(before .. event.text, #before + event.cursor)
  local from, items, more = math.max(answer.from - #before, 0), answer.items, answer.more
  if more and #answer.prefix > event.cursor - from then -- more than the editor sees: first what all begin with
    items, more = { { text = answer.prefix } }, nil
  end
  local message = answer.pending and "names are being read; Tab again shows them" or nil
  self.editor:complete { from = from, items = items, more = more, message = message }
end

--- Ctrl-C drops what was typed; a second one asks before leaving.
function on.interrupt(self)
  if self.typed then
    self.typed, self.warned = nil, nil
  elseif self.warned == "interrupt" then
    self.warned = nil
    return terminal.ask(self.editor, "Leave the shell?")
  else
    self.warned = "interrupt"
  end
end

--- Ctrl-D leaves, unless something goes on behind the prompt: then the second one does.
function on.end_of_input(self)
  if self.typed then
    self.typed = nil
    return false
  end
  local running = self.session.background.count
  if running == 0 or self.warned == "end" then return true end
  self.warned = "end"
  self.session:note(("%s behind the prompt; Ctrl-D again ends %s"):format(
    text.count(running, "task goes on", "tasks go on"), running == 1 and "it" or "them"))
end

--- Reads and evaluates lines until somebody leaves. Waits.
---@return integer  exit code
function Terminal:run()
  self.session:write(terminal.banner(self.session, self.session:width()))
  while not self.session.exit do
    local event = self.editor:next { prompt = prompt_of(self) }
    local handler = event.type == "end" and on.end_of_input or on[event.type]
    if handler and handler(self, event) then break end
  end
  return self.session.exit or 0
end

---@param session perilune.shell.Session
---@param editor table
---@return perilune.shell.Terminal
function terminal.new(session, editor)
  return setmetatable({ session = session, editor = editor, completes_for = false }, Terminal)
end

return terminal
