--- The shell at a terminal: prompts, keys that are no text, history, and where the editor's and the session's
--- business meet. The editor is perilune.c.line.
local build = require "perilune.c.build"
local history = require "perilune.shell.history"
local text = require "perilune.util.text"

local terminal = {}

---@class perilune.shell.Terminal
---@field session perilune.shell.Session
---@field editor table
---@field completer table|nil  perilune.shell.complete
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

local function ask(self, question)
  local event = self.editor:next { prompt = question .. " [y/N] " }
  local answer = event.type == "line" and event.text:lower():match "^%s*(.-)%s*$"
  return answer == "y" or answer == "yes"
end

-- Keys --------------------------------------------------------------------------------------------------------

local on = {}

function on.line(self, event)
  self.warned = nil
  local typed = self.typed and self.typed .. "\n" .. event.text or event.text
  if not typed:find "%S" then return end
  self.editor:suspend()
  local _ <close> = setmetatable({}, { __close = function() self.editor:resume() end })
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
  if not self.completer then return self.editor:complete { from = event.cursor, items = {} } end
  local before = self.typed and self.typed .. "\n" or ""
  local answer = self.completer:at(before .. event.text, #before + event.cursor)
  answer.from = math.max(answer.from - #before, 0)
  if answer.pending then self.session:note "names are being read; Tab again shows them" end
  self.editor:complete(answer)
end

--- Ctrl-C drops what was typed; a second one asks before leaving.
function on.interrupt(self)
  if self.typed then
    self.typed, self.warned = nil, nil
  elseif self.warned == "interrupt" then
    self.warned = nil
    return ask(self, "Leave the shell?")
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
  while not self.session.exit do
    local event = self.editor:next { prompt = prompt_of(self) }
    local handler = event.type == "end" and on.end_of_input or on[event.type]
    if handler and handler(self, event) then break end
  end
  return self.session.exit or 0
end

---@param session perilune.shell.Session
---@param editor table
---@param completer table|nil
---@return perilune.shell.Terminal
function terminal.new(session, editor, completer)
  return setmetatable({ session = session, editor = editor, completer = completer }, Terminal)
end

return terminal
