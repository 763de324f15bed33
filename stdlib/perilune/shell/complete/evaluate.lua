--- What the expressions of a text are, without running them, and what a place in it wants.
local live = require "perilune.shell.complete.live"
local words = require "perilune.shell.complete.words"

---@class perilune.shell.Evaluation
---@field private reading perilune.shell.Reading
---@field private global fun(name: string): any
local Evaluation = {}
Evaluation.__index = Evaluation

local evaluate = {}

local MOST_NAMES = 32 -- followed from one to what it was assigned

---@param reading perilune.shell.Reading
---@param global fun(name: string): any  the value of a global or local of the session
---@return perilune.shell.Evaluation
function evaluate.new(reading, global)
  return setmetatable({ reading = reading, global = global, depth = 0 }, Evaluation)
end

-- Names ----------------------------------------------------------------------------------------------------

--- The element that `for … in` yields of an expression: `ipairs(list)`, or rows.
function Evaluation:iterated(first)
  local reading = self.reading
  local word = reading:symbol(first)
  if (word == "ipairs" or word == "pairs") and reading:symbol(first + 1) == "(" then
    first = first + 2
  end
  local list = self:whole(first)
  return list and list:element()
end

--- How often the name is written between `for` and `in`; the first token behind `in`, if it is in that list.
local function loop_after(reading, i)
  local k = i + 1
  while reading:symbol(k) == "," and reading:is_name(k + 1) do k = k + 2 end
  if reading:symbol(k) ~= "in" then return nil end
  local first = i
  while reading:symbol(first - 1) == "," do first = first - 2 end
  return reading:symbol(first - 1) == "for" and k + 1 or nil
end

--- What a name was given in this text before a token, and whether anything was.
function Evaluation:assigned(name, before)
  local reading = self.reading
  for i = before - 1, 1, -1 do
    if reading:is_name(i) and reading.tokens[i].text == name then
      local link, loop = reading:symbol(i - 1), loop_after(reading, i)
      if loop then return self:iterated(loop), true end
      if reading:symbol(i + 1) == "=" and i + 2 < before and link ~= "." and link ~= "," and link ~= "{" then
        return self:whole(i + 2), true
      end
    end
  end
end

function Evaluation:name(i)
  local name = self.reading.tokens[i].text
  self.depth = self.depth + 1
  local found, is_assigned
  if self.depth < MOST_NAMES then found, is_assigned = self:assigned(name, i) end
  self.depth = self.depth - 1
  if is_assigned then return found end
  local value = self.global(name)
  if value == nil or type(value) == "function" then
    local known = words.shape(name)
    if known then return known end
  end
  return live.of(value)
end

-- Expressions ----------------------------------------------------------------------------------------------

--- What is written in the brackets of a call that begins with a token: of `f "x"` { "x" }, of `f { a = "x" }`
--- { a = "x" }.
function Evaluation:arguments(i)
  local reading = self.reading
  local token = reading.tokens[i]
  if token.kind == "string" then return { token.text } end
  if token.text == "(" and reading:symbol(i + 1) == "{" then return reading:fields(i + 1) end
  return reading:fields(i)
end

local function index_key(reading, open)
  local token = reading.tokens[open + 1]
  if not token or reading.closing[open] ~= open + 2 then return nil end
  if token.kind == "string" then return token.text end
  return token.kind == "number" and math.tointeger(tonumber(token.text)) or nil
end

--- What follows an expression from a token on: the shape after it, and the next token.
function Evaluation:suffix(of, i)
  local reading, text = self.reading, self.reading:symbol(i)
  if text == "." then
    return of:member(reading.tokens[i + 1].text), i + 2
  elseif text == ":" then
    return of:method(reading.tokens[i + 1].text), i + 2
  elseif text == "[" then
    local key = index_key(reading, i)
    return key and of:member(key) or of:element(), reading.closing[i] + 1
  end
  return of:call(self:arguments(i)), (reading.closing[i] or i) + 1
end

function Evaluation:primary(i)
  local reading = self.reading
  if reading:symbol(i) == "(" then return self:whole(i + 1), reading.closing[i] + 1 end
  if reading:symbol(i) == "{" then return nil, reading.closing[i] + 1 end
  if reading.tokens[i].kind == "string" then return live.of "", i + 1 end
  return self:name(i), i + 1
end

--- The shape of the expression between two tokens.
---@param first integer
---@param last integer
---@return perilune.shell.Shape?
function Evaluation:between(first, last)
  local found, i = self:primary(first)
  while found and i <= last do found, i = self:suffix(found, i) end
  return found
end

--- The shape of the expression that begins with a token.
function Evaluation:whole(first)
  local reading = self.reading
  if not reading.tokens[first] then return nil end
  local last = reading:end_of(first)
  return last and self:between(first, last)
end

--- The shape of the expression that ends with a token.
---@param last integer
---@return perilune.shell.Shape?
function Evaluation:ending(last)
  local first = self.reading:start_of(last)
  return first and self:between(first, last)
end

-- What is wanted -------------------------------------------------------------------------------------------

--- The table that an open brace begins: the shape it is to have, and the fields that it has.
---@param open integer
---@return perilune.shell.Shape?
---@return table<string, string|false>
function Evaluation:constructor(open)
  local wanted, fields = self:wanted(open), self.reading:fields(open)
  if wanted and fields._typeName then wanted = wanted:narrow(fields._typeName) end
  return wanted, fields
end

local function in_table(self, open, i)
  local wanted, fields = self:constructor(open)
  if not wanted then return nil end
  local key = self.reading:key_at(i)
  if key then return wanted:member(key, fields) end
  local before = self.reading:symbol(i - 1)
  return before ~= "=" and wanted:element() or nil
end

local COMPARES = { ["=="] = true, ["~="] = true }

--- What a value is to be that begins with a token, or would.
---@param i integer
---@return perilune.shell.Shape?
function Evaluation:wanted(i)
  local reading, before = self.reading, self.reading:symbol(i - 1)
  local open = reading:around(i)
  if COMPARES[before] then
    return self:ending(i - 2)
  elseif reading:ends_expression(i - 1) then
    local called = self:ending(i - 1)
    return called and called:argument(1)
  elseif before == "=" and reading:symbol(open) ~= "{" then
    return self:ending(i - 2)
  elseif reading:symbol(open) == "{" then
    return in_table(self, open, i)
  elseif reading:symbol(open) == "(" and reading:ends_expression(open - 1) then
    local called = self:ending(open - 1)
    return called and called:argument(reading:commas(open, i) + 1)
  end
end

return evaluate
