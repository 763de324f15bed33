--- Finds in a playbook's text where a call, a field or a word stands. Lua knows the line of a call,
--- but of a field neither line nor column.
local locate = {}

---@class perilune.playbook.Text
---@field tokens perilune.playbook.Token[]
---@field closing table<integer, integer>

---@class perilune.playbook.Call
---@field head integer  index of the token that begins it: vm
---@field literal string|nil|false  the first argument, where it is one string; false: some other expression
---@field name integer|nil  index of that string's token
---@field open integer|nil  index of the brace that opens the table given

local function is(token, text)
  return token ~= nil and token.kind ~= "string" and token.text == text
end

--- Calls `visit(first, last)` for each part between commas or semicolons inside the brackets at `open`.
local function each_part(text, open, visit)
  local close, first, i = text.closing[open], open + 1, open + 1
  while i < close do
    local token = text.tokens[i]
    if is(token, ",") or is(token, ";") then
      visit(first, i - 1)
      first = i + 1
    end
    i = (text.closing[i] or i) + 1
  end
  if first < close then visit(first, close - 1) end
end

--- Adds to a call what the arguments in the parentheses at `open` tell.
local function read_arguments(text, open, call)
  local count = 0
  each_part(text, open, function(first, last)
    count = count + 1
    local token = text.tokens[first]
    if is(token, "{") and not call.open then
      call.open = first
    elseif count == 1 and call.literal == nil then
      local is_literal = token.kind == "string" and first == last
      call.literal, call.name = is_literal and token.text, is_literal and first or nil
    end
  end)
end

--- Follows the suffixes of the name at `head` (`vm "a" { … }`, `x.y(z)`): its first argument and its table.
local function read_call(text, head)
  local call, i = { head = head }, head + 1
  while true do
    local token = text.tokens[i]
    if not token then
      return call
    elseif token.kind == "string" then
      if call.literal == nil then call.literal, call.name = token.text, i end
    elseif is(token, "{") then
      call.open = call.open or i
    elseif is(token, "(") then
      read_arguments(text, i, call)
    elseif is(token, ".") or is(token, ":") then
      i = i + 1
    elseif not is(token, "[") then
      return call
    end
    i = (text.closing[i] or i) + 1
  end
end

--- How well a call in the text fits the one that ran: 0 not at all.
local function fitness(text, call, word, name)
  local fits = (text.tokens[call.head].text == word and 2 or 0) + (call.open and 1 or 0)
  if not name or not call.literal then
    return fits
  end
  return call.literal == name and fits + 4 or 0
end

--- The call of `word` that Lua reported on a line: `vm "web-01" { … }`, whatever the word is called there.
---@param text perilune.playbook.Text
---@param line integer
---@param word string
---@param name string|nil  its first argument
---@return perilune.playbook.Call|nil
function locate.call(text, line, word, name)
  local best, most = nil, 0
  for i, token in ipairs(text.tokens) do
    if token.line > line then break end
    local before = text.tokens[i - 1]
    local begins = token.kind == "name" and not is(before, ".") and not is(before, ":")
    if token.line == line and begins then
      local call = read_call(text, i)
      local fits = fitness(text, call, word, name)
      if fits > most then best, most = call, fits end
    end
  end
  return best
end

--- The field that a part of a table constructor gives: its key and where key and value stand.
local function read_part(text, first, last)
  local token, second = text.tokens[first], text.tokens[first + 1]
  if token.kind == "name" and is(second, "=") then
    return { name = token.text, key = first, key_last = first, first = first + 2, last = last }
  end
  local close = is(token, "[") and text.closing[first]
  if not close or not is(text.tokens[close + 1], "=") then
    return { key = first, key_last = last, first = first, last = last }
  end
  local name = close == first + 2 and second.text or nil
  if second.kind == "number" then name = math.tointeger(tonumber(name)) end
  return { name = name, explicit = true, key = first, key_last = close, first = close + 2, last = last }
end

local function child(text, open, key)
  local found, position = nil, 0
  each_part(text, open, function(first, last)
    local part = read_part(text, first, last)
    if part.name == nil and not part.explicit then
      position = position + 1
      part.name = position
    end
    if part.name == key then found = part end
  end)
  return found
end

---@class perilune.playbook.Part
---@field key integer  first token of the key (of the value, for an element)
---@field key_last integer
---@field first integer  first token of the value
---@field last integer
---@field exact boolean  whether the whole path was found; else it is the innermost part that was written here

--- Where the field that `keys` lead to stands, inside the table that opens at `open`.
---@param text perilune.playbook.Text
---@param open integer
---@param keys (string|integer)[]
---@return perilune.playbook.Part|nil
function locate.field(text, open, keys)
  local found
  for depth, key in ipairs(keys) do
    local part = child(text, open, key)
    if not part then return found end
    part.exact = depth == #keys
    found, open = part, part.first
    if not is(text.tokens[open], "{") then return found end
  end
  return found
end

--- The first token on a line that is the name `word`.
---@param text perilune.playbook.Text
---@param line integer
---@param word string
---@return perilune.playbook.Token|nil
function locate.word(text, line, word)
  for _, token in ipairs(text.tokens) do
    if token.line == line and token.kind == "name" and token.text == word then return token end
  end
end

return locate
