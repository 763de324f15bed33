--- Rows of cells as aligned lines; the last cell of a row is wrapped under itself.
local text = require "perilune.util.text"

local columns = {}

local function widths_of(rows, widest)
  local widths = {}
  for _, row in ipairs(rows) do
    for i = 1, #row - 1 do
      local width = text.width(row[i])
      if width <= widest then widths[i] = math.max(widths[i] or 0, width) end
    end
  end
  return widths
end

--- The lines of rows. A cell wider than `widest` pushes the rest of its row to the right.
---@param rows string[][]
---@param options { indent: integer?, width: integer, widest: integer? }
---@return string[]
function columns.lines(rows, options)
  local indent, lines = (" "):rep(options.indent or 0), {}
  local widths = widths_of(rows, options.widest or 30)
  for _, row in ipairs(rows) do
    local head = indent
    for i = 1, #row - 1 do head = head .. text.pad(row[i], widths[i] or 0) .. "  " end
    local room = math.max(24, options.width - text.width(head))
    for i, part in ipairs(text.wrap(row[#row], room)) do
      local left = i == 1 and head or (" "):rep(text.width(head))
      lines[#lines + 1] = ((left .. part):gsub("%s+$", ""))
    end
  end
  return lines
end

return columns
