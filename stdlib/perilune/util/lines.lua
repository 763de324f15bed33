--- Lines out of bytes that come in pieces.

---@class perilune.util.Lines
---@field rest string  what has no line end yet
---@field private most integer
local Lines = {}
Lines.__index = Lines

local lines = {}

--- A reader of lines; one that grows longer than `most` bytes without an end is cut.
---@param most integer
---@return perilune.util.Lines
function lines.new(most)
  return setmetatable({ rest = "", most = most }, Lines)
end

--- Takes bytes in, and returns the lines that are whole now, without their ends.
---@param bytes string
---@return string[]
function Lines:add(bytes)
  local whole, text, from = {}, self.rest .. bytes, 1
  while true do
    local at = text:find("\n", from, true)
    local last = math.min((at or #text + 1) - 1, from + self.most - 1)
    local is_cut = last - from + 1 == self.most and last + 1 ~= at
    if not at and not is_cut then break end
    whole[#whole + 1] = text:sub(from, last)
    from = is_cut and last + 1 or at + 1
  end
  self.rest = text:sub(from)
  return whole
end

return lines
