--- Headers of a delivery as bytes, whatever is in them: names and values by turns, each with its length.
local headers = {}

---@param set table<string, string>
---@return string
function headers.pack(set)
  local parts = {}
  for name, text in pairs(set) do parts[#parts + 1] = ("<s4s4"):pack(name, text) end
  return table.concat(parts)
end

---@param bytes string  of pack()
---@return table<string, string>
function headers.unpack(bytes)
  local set, at = {}, 1
  while at <= #bytes do
    local name, text
    name, text, at = ("<s4s4"):unpack(bytes, at)
    set[name] = text
  end
  return set
end

return headers
