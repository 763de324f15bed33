--- Ranges of IP addresses: "10.0.0.0/8", "fd00::/8", "192.0.2.7".
local cidr = {}

---@class perilune.util.Range
---@field bytes string  of the address
---@field bits integer  that count

local function v4(text)
  local a, b, c, d = text:match "^(%d+)%.(%d+)%.(%d+)%.(%d+)$"
  local parts = { tonumber(a), tonumber(b), tonumber(c), tonumber(d) }
  for i = 1, 4 do
    if not parts[i] or parts[i] > 255 then return nil end
  end
  return string.char(table.unpack(parts))
end

-- Groups of a part of an IPv6 address, as bytes; the last may be an IPv4 address.
local function groups(text)
  local bytes = {}
  if text == "" then return "" end
  for group in (text .. ":"):gmatch "([^:]*):" do
    local embedded = group:find(".", 1, true) and v4(group)
    if embedded then
      bytes[#bytes + 1] = embedded
    elseif group:find "^%x%x?%x?%x?$" then
      bytes[#bytes + 1] = (">I2"):pack(tonumber(group, 16))
    else
      return nil
    end
  end
  return table.concat(bytes)
end

local function v6(text)
  local left, right = text:match "^(.-)::(.*)$"
  if not left then
    local bytes = groups(text)
    return bytes and #bytes == 16 and bytes or nil
  end
  local a, b = groups(left), groups(right)
  if not a or not b or #a + #b > 14 then return nil end
  return a .. ("\0"):rep(16 - #a - #b) .. b
end

local function address(text)
  return text:find(":", 1, true) and v6(text) or v4(text)
end

--- nil where the text is none.
---@param text any
---@return perilune.util.Range?
function cidr.parse(text)
  if type(text) ~= "string" then return nil end
  local place, bits = text:match "^([^/]+)/(%d+)$"
  local bytes = address(place or text)
  local most = bytes and #bytes * 8
  bits = bits and tonumber(bits) or most
  if not bytes or bits > most then return nil end
  return { bytes = bytes, bits = bits }
end

--- Whether an address lies in a range.
---@param range perilune.util.Range
---@param text string
---@return boolean
function cidr.contains(range, text)
  local bytes = address(text)
  if not bytes or #bytes ~= #range.bytes then return false end
  local whole, rest = range.bits // 8, range.bits % 8
  if bytes:sub(1, whole) ~= range.bytes:sub(1, whole) then return false end
  if rest == 0 then return true end
  local mask = 0xff << (8 - rest) & 0xff
  return bytes:byte(whole + 1) & mask == range.bytes:byte(whole + 1) & mask
end

return cidr
