--- Reads the text before the cursor, however unfinished it is: its tokens, what is open, and where the
--- expressions are that a completion depends on. What they mean is for others to say.
local lexer = require "perilune.playbook.lexer"

local reader = {}

---@class perilune.shell.Reading
---@field tokens perilune.playbook.Token[]  all before the word that is being written
---@field word string  what there is of that word, in a string all that is in it
---@field from integer  bytes before the word
---@field line integer  on which it stands
---@field quote string?  what opened the string that is being written
---@field is_comment boolean
---@field frame integer?  the innermost token that is open: a bracket, or the word of a block
---@field private parents table<integer, integer>  of each opening token: the one around it
---@field private opening table<integer, integer>  of each closing token: what it closes
---@field private closing table<integer, integer>
local Reading = {}
Reading.__index = Reading

local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return then true
  until while]]):gmatch "%a+" do
  KEYWORDS[word] = true
end

--- Lua's own words.
reader.keywords = KEYWORDS

local CLOSED_BY = { [")"] = "(", ["]"] = "[", ["}"] = "{" }
local BLOCKS = { ["function"] = true, ["if"] = true, ["do"] = true, ["repeat"] = true }
local OPENS = { ["("] = true, ["["] = true, ["{"] = true }
local ENDS = { ["end"] = true, ["until"] = true }

local function opener_length(text, token)
  return #(text:match("^%[=*%[", token.start) or "'")
end

--- Whether nothing closes a string token.
local function is_open(text, token)
  return token.kind == "string" and token.start + opener_length(text, token) + #token.text - 1 == token.finish
end

--- Whether the text from a byte on, where only spaces and comments are, ends inside a comment.
local function ends_in_comment(text, at)
  while true do
    at = text:find("%-%-", at)
    if not at then return false end
    local level = text:match("^%[(=*)%[", at + 2)
    local _, finish = text:find(level and "]" .. level .. "]" or "\n", at + 2, true)
    if not finish then return true end
    at = finish + 1
  end
end

--- Takes the word at the cursor away from the tokens.
local function take_word(self, text)
  local last = self.tokens[#self.tokens]
  if last and is_open(text, last) and last.finish == #text then
    local length = opener_length(text, last)
    self.quote, self.word = text:sub(last.start, last.start + length - 1), last.text
  elseif last and last.kind == "name" and last.finish == #text then
    self.word = last.text
  else
    self.word, self.from = "", #text
    self.is_comment = ends_in_comment(text, last and last.finish + 1 or 1)
    return
  end
  self.from = #text - #self.word
  self.tokens[#self.tokens] = nil
end

--- The open token that another one closes; nil where nothing fits.
local function find_open(self, open, text)
  for depth = #open, 1, -1 do
    local opener = self.tokens[open[depth]].text
    if CLOSED_BY[text] == opener or ENDS[text] and BLOCKS[opener] then return depth end
  end
end

local function close(self, open, i)
  local depth = find_open(self, open, self.tokens[i].text)
  if not depth then return end
  self.opening[i], self.closing[open[depth]] = open[depth], i
  for k = #open, depth, -1 do open[k] = nil end
end

local function match_brackets(self)
  local open = {}
  for i, token in ipairs(self.tokens) do
    local is_word = token.kind == "name" or token.kind == "symbol"
    if is_word and (OPENS[token.text] or BLOCKS[token.text]) then
      self.parents[i] = open[#open]
      open[#open + 1] = i
    elseif is_word and (CLOSED_BY[token.text] or ENDS[token.text]) then
      close(self, open, i)
    end
  end
  self.frame = open[#open]
end

---@param text string  before the cursor
---@return perilune.shell.Reading
function reader.read(text)
  local self = setmetatable({
    tokens = lexer.tokens(text), parents = {}, opening = {}, closing = {}, is_comment = false,
  }, Reading)
  take_word(self, text)
  self.line = 1 + select(2, text:sub(1, self.from):gsub("\n", ""))
  match_brackets(self)
  return self
end

--- The text of a token that is a symbol or a word, nil of strings, numbers and where there is none.
---@param i integer
---@return string?
function Reading:symbol(i)
  local token = self.tokens[i]
  return token and (token.kind == "symbol" or token.kind == "name") and token.text or nil
end

--- Whether a token is a name that is no keyword.
function Reading:is_name(i)
  local token = self.tokens[i]
  return token ~= nil and token.kind == "name" and not KEYWORDS[token.text]
end

--- Whether an expression that can be indexed or called may end with a token.
function Reading:ends_expression(i)
  local token = self.tokens[i]
  if not token then return false end
  return token.kind == "string" or self:is_name(i) or token.kind == "symbol" and CLOSED_BY[token.text] ~= nil
end

--- What encloses a token: the innermost that is open before it. Without a token: at the cursor.
---@param i integer?
---@return integer?
function Reading:around(i)
  if not i then return self.frame end
  if self.parents[i] or self.closing[i] or i > #self.tokens then
    return i > #self.tokens and self.frame or self.parents[i]
  end
  for k = i - 1, 1, -1 do
    local closing = self.closing[k]
    local text = self:symbol(k)
    if (OPENS[text] or BLOCKS[text]) and (not closing or closing > i) then return k end
  end
end

--- The token before what a closing token closes.
local function before(self, i)
  local open = self.opening[i]
  return open and open - 1
end

--- Where the expression of names, dots, brackets and calls begins that ends with a token; nil where none does.
---@param i integer
---@return integer?
function Reading:start_of(i)
  while self:ends_expression(i) do
    local text = self:symbol(i)
    if self:is_name(i) then
      local link = self:symbol(i - 1)
      if link ~= "." and link ~= ":" then return i end
      i = i - 2
    else
      local rest = i - 1
      if CLOSED_BY[text] then rest = before(self, i) end
      if not rest then return nil end
      if not self:ends_expression(rest) then return text ~= "]" and rest + 1 or nil end
      i = rest
    end
  end
end

--- Where the expression ends that begins with a token.
---@param i integer
---@return integer?
function Reading:end_of(i)
  local at = self.closing[i] or i
  if not self:ends_expression(at) then return nil end
  while true do
    local text, next_token = self:symbol(at + 1), self.tokens[at + 1]
    if (text == "." or text == ":") and self:is_name(at + 2) then
      at = at + 2
    elseif OPENS[text] and self.closing[at + 1] then
      at = self.closing[at + 1]
    elseif next_token and next_token.kind == "string" then
      at = at + 1
    else
      return at
    end
  end
end

--- How many commas of a bracket come before a token.
---@param open integer
---@param i integer
---@return integer
function Reading:commas(open, i)
  local count, k = 0, open + 1
  while k < i do
    local text = self:symbol(k)
    if text == "," or text == ";" then count = count + 1 end
    k = (self.closing[k] or k) + 1
  end
  return count
end

local function key_before(self, i)
  if self:symbol(i) ~= "=" then return nil end
  local token = self.tokens[i - 1]
  if self:symbol(i - 1) == "]" then
    token = self.opening[i - 1] == i - 3 and self.tokens[i - 2] or nil
    return token and token.kind == "string" and token.text or nil
  end
  return token and token.kind == "name" and token.text or nil
end

--- The key of a table constructor's field whose value begins at a token.
---@param i integer
---@return string?
function Reading:key_at(i)
  return key_before(self, i - 1)
end

--- The fields that are written in a bracket: key → the text of its value where that is one string, else false;
--- the n-th element likewise under n.
---@param open integer
---@return table<string|integer, string|false>
function Reading:fields(open)
  local last = self.closing[open] or #self.tokens + 1
  local fields, count, k = {}, 1, open + 1
  while k < last do
    local token, text = self.tokens[k], self:symbol(k)
    local is_alone = self:symbol(k + 1) == "," or self:symbol(k + 1) == ";" or k + 1 == last
    local value = token.kind == "string" and is_alone and token.text or false
    local key = key_before(self, k - 1)
    if key then
      fields[key] = value
    elseif value and self:symbol(k - 1) ~= "=" then
      fields[count] = value
    end
    if text == "," or text == ";" then count = count + 1 end
    k = (self.closing[k] or k) + 1
  end
  return fields
end

--- The keys of the table that is being written which stand behind the cursor.
---@param after string
---@return table<string, boolean>
function reader.keys_after(after)
  local keys, depth, tokens = {}, 0, lexer.tokens(after)
  for i, token in ipairs(tokens) do
    local text = token.kind == "symbol" and token.text
    depth = depth + (OPENS[text] and 1 or CLOSED_BY[text] and -1 or 0)
    if depth < 0 then break end
    local following = tokens[i + 1]
    if depth == 0 and token.kind == "name" and following and following.text == "=" then keys[token.text] = true end
  end
  return keys
end

return reader
