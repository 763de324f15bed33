--- Rows as aligned columns, cut to a width.
local literal = require "perilune.shell.literal"
local object = require "perilune.c.object"
local text = require "perilune.util.text"

local grid = {}

local GAP = 2
local NARROWEST = 6 -- columns that are cut keep so much

--- One cell: what stands for a value in a table of rows.
---@param value any
---@return string
function grid.cell(value)
  if value == nil then return "" end
  if type(value) == "string" then return text.visible(value) end
  if object.is(value) then return text.visible(object.id(value)) end
  if type(value) == "table" then return (text.visible((literal.text(value):gsub("%s*\n%s*", " ")))) end
  return text.visible(tostring(value))
end

local function widths_of(titles, cells)
  local widths = {}
  for i, title in ipairs(titles) do widths[i] = text.width(title) end
  for _, row in ipairs(cells) do
    for i = 1, #titles do widths[i] = math.max(widths[i], text.width(row[i])) end
  end
  return widths
end

local function widest_of(widths)
  local at = 1
  for i, width in ipairs(widths) do
    if width > widths[at] then at = i end
  end
  return at
end

local function sum(widths)
  local total = (#widths - 1) * GAP
  for _, width in ipairs(widths) do total = total + width end
  return total
end

--- Takes from the widest columns until all fit.
local function fit(widths, room)
  local excess = sum(widths) - room
  while excess > 0 do
    local at = widest_of(widths)
    if widths[at] <= NARROWEST then return end
    local second = NARROWEST
    for i, width in ipairs(widths) do
      if i ~= at and width > second then second = math.min(width, widths[at] - 1) end
    end
    local taken = math.max(1, math.min(excess, widths[at] - second))
    widths[at], excess = widths[at] - taken, excess - taken
  end
end

local function line_of(row, widths, right, room)
  local parts = {}
  for i, width in ipairs(widths) do
    local cell = text.clip(row[i], width)
    local fill = (" "):rep(width - text.width(cell))
    parts[i] = right[i] and fill .. cell or cell .. fill
  end
  local line = table.concat(parts, (" "):rep(GAP)):gsub("%s+$", "")
  return text.clip(line, room)
end

--- Lines of a table: the titles, and each row.
---@param titles string[]
---@param rows any[][]  values; as many as titles, `n` where the last may be nil
---@param width integer
---@return string head
---@return string[] lines
function grid.lines(titles, rows, width)
  local cells, right, shown = {}, {}, {}
  for i in ipairs(titles) do right[i] = #rows > 0 end
  for r, row in ipairs(rows) do
    cells[r] = {}
    for i in ipairs(titles) do
      cells[r][i] = grid.cell(row[i])
      right[i] = right[i] and (row[i] == nil or type(row[i]) == "number")
    end
  end
  local widths = widths_of(titles, cells)
  fit(widths, width)
  for r, row in ipairs(cells) do shown[r] = line_of(row, widths, right, width) end
  return line_of(titles, widths, right, width), shown
end

return grid
