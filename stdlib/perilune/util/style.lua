--- Colours by what they mean, in the 16 colours every terminal has, or none at all.
---
--- A line is written as spans, `{ text, role }`, so that its width is known before it is painted.
local text = require "perilune.util.text"

---@alias perilune.util.Span { [1]: string, [2]: string? }  text, and its role in `roles`

---@class perilune.util.Style
---@field on boolean
local Style = {}
Style.__index = Style

local style = {}

local roles = {
  add = "32", change = "33", remove = "31", replace = "35", hurt = "1;31",
  good = "32", bad = "1;31", strong = "1", dim = "2", run = "36",
}

--- text as the role wants it.
---@param s string
---@param role string?
---@return string
function Style:mark(s, role)
  if not self.on or not role or s == "" then return s end
  return ("\27[%sm%s\27[0m"):format(roles[role], s)
end

---@param spans perilune.util.Span[]
---@return string
function Style:paint(spans)
  local parts = {}
  for i, span in ipairs(spans) do parts[i] = self:mark(span[1], span[2]) end
  return table.concat(parts)
end

--- Columns that spans take.
---@param spans perilune.util.Span[]
---@return integer
function style.width(spans)
  local columns = 0
  for _, span in ipairs(spans) do columns = columns + text.width(span[1]) end
  return columns
end

--- Spans cut to a number of columns.
---@param spans perilune.util.Span[]
---@param columns integer
---@return perilune.util.Span[]
function style.clip(spans, columns)
  local kept, left = {}, columns
  for _, span in ipairs(spans) do
    if left <= 0 then break end
    kept[#kept + 1] = { text.clip(span[1], left), span[2] }
    left = left - text.width(span[1])
  end
  return kept
end

---@param on boolean
---@return perilune.util.Style
function style.new(on)
  return setmetatable({ on = on }, Style)
end

--- Whether a stream gets colours: as asked, else on a terminal that has them, unless NO_COLOR is set.
---@param asked "always"|"never"|"auto"
---@param is_terminal boolean
---@param env fun(name: string): string?
---@return boolean
function style.wanted(asked, is_terminal, env)
  if asked ~= "auto" then return asked == "always" end
  return is_terminal and (env "NO_COLOR" or "") == "" and env "TERM" ~= "dumb"
end

return style
