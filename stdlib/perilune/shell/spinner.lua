--- What a line waits for, drawn on one line of the terminal until something else is written.
local known = require "perilune.shell.known"
local object = require "perilune.c.object"
local text = require "perilune.util.text"

---@class perilune.shell.Spinner
---@field private write (fun(s: string))|nil  nil: nothing is drawn
---@field private width fun(): integer
---@field private frame integer
---@field private is_drawn boolean
local Spinner = {}
Spinner.__index = Spinner

local spinner = {}

local frames = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" }

spinner.INTERVAL = 0.1 -- seconds between two frames

local PATIENCE = 0.4   -- seconds before it is said that something is waited for

---@param write (fun(s: string))|nil
---@param width fun(): integer
---@return perilune.shell.Spinner
function spinner.new(write, width)
  return setmetatable({ write = write, width = width, frame = 0, is_drawn = false }, Spinner)
end

--- The vSphere tasks that somebody waits for.
local function awaited(vc)
  local list = {}
  for _, watched in pairs(vc and vc.watches or {}) do
    if next(watched.waiting) and not watched:is_ended() and watched.call then list[#list + 1] = watched end
  end
  table.sort(list, function(a, b) return object.id(a.ref) < object.id(b.ref) end)
  return list
end

local function describe(watched)
  local info, call = watched.info or {}, watched.call
  local ref = object.is(call.object) and call.object or info.entity
  local whose = known.name(ref) or info.entityName or ref and object.id(ref) or ""
  local words = ("%s %s"):format(whose, call.method or info.descriptionId or "task")
  if info.state == "queued" then return words .. "  queued" end
  return info.progress and ("%s  %d %%"):format(words, info.progress) or words
end

--- What there is to say of the waiting; nil where it is too early to say anything.
---@param vc perilune.vim.Connection|nil
---@param seconds number  since the line began
---@return string|nil
function spinner.words(vc, seconds)
  local parts = {}
  for i, watched in ipairs(awaited(vc)) do
    if i > 3 then break end
    parts[i] = describe(watched)
  end
  if #parts > 0 then return text.visible(table.concat(parts, "   ")) end
  return seconds > PATIENCE and text.spent(seconds) or nil
end

---@param words string|nil
function Spinner:draw(words)
  if not words then return self:clear() end
  self.frame = self.frame % #frames + 1
  self.is_drawn = true
  self.write(("\r%s\27[K"):format(text.clip(frames[self.frame] .. " " .. words, self.width() - 1)))
end

--- Takes what the terminal itself has echoed, as ^C, from the line of the cursor.
function Spinner:wipe()
  if self.write then self.write "\r\27[K" end
  self.is_drawn = false
end

function Spinner:clear()
  if self.is_drawn then self.write "\r\27[K" end
  self.is_drawn = false
end

return spinner
