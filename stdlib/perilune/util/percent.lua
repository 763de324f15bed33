--- Percent-encoding of what goes into URLs.
local percent = {}

local function escape(char)
  return ("%%%02X"):format(char:byte())
end

--- Text as one part of a path, or a value of a query.
---@param text string
---@return string
function percent.encode(text)
  return (text:gsub("[^%w%-._~]", escape))
end

--- A path: its slashes stay.
---@param path string
---@return string
function percent.encode_path(path)
  return (path:gsub("[^%w%-._~/]", escape))
end

return percent
