--- The tokens of a Lua text with their places: enough to point at a word, without parsing.
--- Comments and white space are left out; strings are one token each.
local lexer = {}

---@class perilune.playbook.Token
---@field kind "name"|"string"|"number"|"symbol"
---@field text string  as written; of a string what is between the quotes, escapes untouched
---@field line integer
---@field column integer  in bytes, from 1
---@field start integer  first byte in the text
---@field finish integer  last byte in the text

local LONGEST_FIRST = { "...", "<<", ">>", "//", "==", "~=", "<=", ">=", "::", ".." }

--- The last byte of a long bracket that begins at `at`, and what is in it; nil where there is none.
local function long_bracket(text, at)
  local level, inside = text:match("^%[(=*)%[()", at)
  if not level then return nil end
  local close = "]" .. level .. "]"
  local from = text:find(close, inside, true)
  return from and from + #close - 1 or #text, text:sub(inside, (from or #text + 1) - 1)
end

local function quoted(text, at)
  local quote, i = text:sub(at, at), at + 1
  while i <= #text do
    local letter = text:sub(i, i)
    if letter == quote then
      return i, text:sub(at + 1, i - 1)
    elseif letter == "\n" then
      return i - 1, text:sub(at + 1, i - 1)
    elseif letter == "\\" then
      i = text:find("^z", i + 1) and (text:find("%S", i + 2) or #text + 1) - 1 or i + 1
    end
    i = i + 1
  end
  return #text, text:sub(at + 1)
end

local function comment(text, at)
  local finish = long_bracket(text, at + 2)
  return finish or (text:find("\n", at, true) or #text + 1) - 1
end

local function symbol(text, at)
  for _, long in ipairs(LONGEST_FIRST) do
    if text:sub(at, at + #long - 1) == long then return at + #long - 1, long end
  end
  return at, text:sub(at, at)
end

local NUMBERS = { "^0[xX][%x.]*[pP]?[+-]?%x*()", "^%d[%d.]*[eE][+-]?%d+()", "^%.?%d[%d.]*()" }

local function number(text, at)
  for _, pattern in ipairs(NUMBERS) do
    local after = text:match(pattern, at)
    if after then return after - 1, text:sub(at, after - 1) end
  end
end

--- The token that begins at `at`: its kind, last byte and text.
local function scan(text, at)
  local letter = text:sub(at, at)
  if letter:find "[%a_]" then
    local word = text:match("^[%w_]+", at)
    return "name", at + #word - 1, word
  elseif letter == '"' or letter == "'" then
    return "string", quoted(text, at)
  end
  local finish, inner = long_bracket(text, at)
  if finish then return "string", finish, inner end
  finish, inner = number(text, at)
  if finish then return "number", finish, inner end
  return "symbol", symbol(text, at)
end

--- Line and column of a byte, for bytes asked in ascending order.
local function places(text)
  local line, begin = 1, 1
  return function(at)
    local newline = text:find("\n", begin, true)
    while newline and newline < at do
      line, begin = line + 1, newline + 1
      newline = text:find("\n", begin, true)
    end
    return line, at - begin + 1
  end
end

---@param text string
---@return perilune.playbook.Token[]
function lexer.tokens(text)
  local tokens, place, at = {}, places(text), text:match "^#[^\n]*()" or 1
  while true do
    at = text:find("%S", at)
    if not at then return tokens end
    if text:find("^%-%-", at) then
      at = comment(text, at) + 1
    else
      local kind, finish, inner = scan(text, at)
      local line, column = place(at)
      tokens[#tokens + 1] =
        { kind = kind, text = inner, line = line, column = column, start = at, finish = finish }
      at = finish + 1
    end
  end
end

local OPENS = {
  ["("] = true, ["["] = true, ["{"] = true,
  ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true,
}
local CLOSES = { [")"] = true, ["]"] = true, ["}"] = true, ["end"] = true, ["until"] = true }

--- Which token closes what another opens: brackets, and the blocks of statements.
---@param tokens perilune.playbook.Token[]
---@return table<integer, integer> closing  index of the closing token, by that of the opening one
function lexer.pairs_of(tokens)
  local closing, open = {}, {}
  for i, token in ipairs(tokens) do
    local is_word = token.kind == "name" or token.kind == "symbol"
    if is_word and OPENS[token.text] then
      open[#open + 1] = i
    elseif is_word and CLOSES[token.text] and #open > 0 then
      closing[table.remove(open)] = i
    end
  end
  for _, i in ipairs(open) do
    closing[i] = #tokens + 1
  end
  return closing
end

return lexer
