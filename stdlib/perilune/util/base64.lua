--- Base64 (RFC 4648), as HTTP's Basic scheme wants it.
local base64 = {}

local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function digit(bits)
  bits = bits & 63
  return ALPHABET:sub(bits + 1, bits + 1)
end

---@param bytes string
---@return string  without line breaks
function base64.encode(bytes)
  local groups = {}
  for i = 1, #bytes, 3 do
    local a, b, c = bytes:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    groups[#groups + 1] = digit(bits >> 18) .. digit(bits >> 12)
      .. (b and digit(bits >> 6) or "=") .. (c and digit(bits) or "=")
  end
  return table.concat(groups)
end

--- The bytes of base64 text; nil where it is none.
---@param text string
---@return string?
function base64.decode(text)
  local digits = text:gsub("%s", ""):gsub("=+$", "")
  if digits:find "[^%w+/]" or #digits % 4 == 1 then return nil end
  local bytes, bits, count = {}, 0, 0
  for digit_text in digits:gmatch "." do
    bits, count = (bits << 6 | (ALPHABET:find(digit_text, 1, true) - 1)) & 0xffffff, count + 6
    if count >= 8 then
      count = count - 8
      bytes[#bytes + 1] = string.char(bits >> count & 255)
    end
  end
  return table.concat(bytes)
end

return base64
