--- Takes secrets out of text that is kept or shown.
local secret = require "perilune.util.secret"

local mask = {}

local SHORTEST = 4 -- shorter ones occur in anything

local function escaped(text)
  return (text:gsub("%W", "%%%0"))
end

--- A function that replaces every occurrence of the secrets by asterisks. Text comes in whole lines.
---@param secrets (perilune.util.Secret|string)[]
---@return fun(text: string): string
function mask.new(secrets)
  local patterns = {}
  for _, item in ipairs(secrets) do
    local text = type(item) == "string" and item or secret.reveal(item)
    if #text >= SHORTEST then patterns[#patterns + 1] = escaped(text) end
  end
  table.sort(patterns, function(a, b) return #a > #b end)
  return function(text)
    for _, pattern in ipairs(patterns) do text = text:gsub(pattern, "***") end
    return text
  end
end

return mask
