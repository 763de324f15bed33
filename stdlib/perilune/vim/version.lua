--- Which version of the API to speak: the newest that the server and our schema both know.
local schema = require "perilune.c.schema"

local version = {}

local NAMESPACE = "urn:vim25"

local function numbers(text)
  local list = {}
  for part in text:gmatch "%d+" do
    list[#list + 1] = math.tointeger(tonumber(part))
  end
  return list
end

--- Compares dotted versions by their numbers; what is absent counts as 0: "8.0" equals "8.0.0.0".
---@return boolean  whether a is older than b
function version.is_older(a, b)
  local left, right = numbers(a), numbers(b)
  for i = 1, math.max(#left, #right) do
    local x, y = left[i] or 0, right[i] or 0
    if x ~= y then
      return x < y
    end
  end
  return false
end

--- What vimServiceVersions.xml says of vim25: its version first, then the prior ones.
---@param document string
---@return string[]  empty if it is no such document
function version.offered(document)
  local list = {}
  for namespace in document:gmatch "<namespace>(.-)</namespace>" do
    if namespace:match "<name>%s*([^<%s]+)%s*</name>" == NAMESPACE then
      for text in namespace:gmatch "<version>%s*([%d.]+)%s*</version>" do
        list[#list + 1] = text
      end
    end
  end
  return list
end

--- The newest of the offered versions that is not newer than ours; the oldest offered if all are.
---@param offered string[]
---@param ours string?  that of the schema if absent
---@return string? chosen  nil if nothing was offered
function version.choose(offered, ours)
  ours = ours or schema.version().api
  local chosen, oldest
  for _, text in ipairs(offered) do
    if not version.is_older(ours, text) and (not chosen or version.is_older(chosen, text)) then
      chosen = text
    end
    if not oldest or version.is_older(text, oldest) then
      oldest = text
    end
  end
  return chosen or oldest
end

return version
