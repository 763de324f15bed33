--- The path of a field inside a resource as people write it: `disks[2].size`, `extra_config["a.b"]`.
local path = {}

---@alias perilune.schema.Key string|integer

--- Whether keys are written without quotes: there are few, and each is asked for often.
local is_word = setmetatable({}, {
  __mode = "k",
  __index = function(self, key)
    self[key] = key:find "^[%a_][%w_]*$" ~= nil
    return self[key]
  end,
})

--- The path of `key` inside what `parent` names; an empty or absent parent is the resource itself.
---@param parent string|nil
---@param key perilune.schema.Key
---@return string
function path.join(parent, key)
  if type(key) ~= "string" then
    return ("%s[%s]"):format(parent or "", key)
  elseif not is_word[key] then
    return ('%s["%s"]'):format(parent or "", (key:gsub('[\\"]', "\\%0")))
  end
  return parent and parent ~= "" and parent .. "." .. key or key
end

--- The key in quotes that begins at the bracket `at`, and where what follows it begins.
local function quoted_key(text, at)
  local letters, i = {}, at + 2
  while i <= #text and text:sub(i, i) ~= '"' do
    if text:sub(i, i) == "\\" then i = i + 1 end
    letters[#letters + 1] = text:sub(i, i)
    i = i + 1
  end
  return table.concat(letters), i + 2
end

local function next_key(text, at)
  local word, after = text:match("^%.?([%a_][%w_]*)()", at)
  if word then
    return word, after
  end
  local digits, past = text:match("^%[(%-?%d+)%]()", at)
  if digits then
    return math.tointeger(digits), past
  end
  return quoted_key(text, at)
end

--- The keys along a path: `disks[2].size` is `{ "disks", 2, "size" }`.
---@param text string
---@return perilune.schema.Key[]
function path.keys(text)
  local keys, at = {}, 1
  while at <= #text do
    keys[#keys + 1], at = next_key(text, at)
  end
  return keys
end

return path
