--- What two texts both begin with, in whole characters.
---@param a string
---@param b string
---@return string
return function(a, b)
  local length = math.min(#a, #b)
  for i = 1, length do
    if a:byte(i) ~= b:byte(i) then
      length = i - 1
      break
    end
  end
  while length > 0 and (a:byte(length + 1) or 0) & 0xC0 == 0x80 do length = length - 1 end
  return a:sub(1, length)
end
