--- What was typed, compiled: expressions give their values, `local` outlives its line, and what is
--- unfinished is told from what is wrong.
local err = require "perilune.err"
local failure = require "perilune.playbook.failure"
local lexer = require "perilune.playbook.lexer"
local source = require "perilune.playbook.source"

local chunk = {}

--- What makes a text an expression. A function with a value to close makes no tail call, so that its line stays on
--- the stack, where errors look for it.
local RETURN = "local perilune <close> = nil return "

local function is_unfinished(problem)
  return problem:find "near '?<eof>'?$" ~= nil and not problem:find "unfinished string"
end

-- Top-level locals --------------------------------------------------------------------------------------------

local OPENS = { ["("] = 1, ["["] = 1, ["{"] = 1, ["function"] = 1, ["if"] = 1, ["do"] = 1, ["repeat"] = 1 }
local CLOSES = { [")"] = 1, ["]"] = 1, ["}"] = 1, ["end"] = 1, ["until"] = 1 }

local function is(token, text)
  return token ~= nil and token.kind ~= "string" and token.text == text
end

--- The names from token i on: `a <const>, b`; what they end with, and whether one of them is `<close>`.
local function names_from(tokens, i)
  local names, attributes, closes = {}, {}, false
  while true do
    names[#names + 1] = tokens[i]
    i = i + 1
    if is(tokens[i], "<") then
      attributes[#attributes + 1] = { tokens[i].start, tokens[i + 2].finish }
      closes = closes or is(tokens[i + 1], "close")
      i = i + 3
    end
    if not is(tokens[i], ",") then return names, i, attributes, closes end
    i = i + 1
  end
end

local function blank(edits, first, last)
  edits[#edits + 1] = { first, last, (" "):rep(last - first + 1) }
end

local function edit_local(tokens, i, edits, found)
  local word = tokens[i]
  if is(tokens[i + 1], "function") then
    found[tokens[i + 2].text] = true
    return blank(edits, word.start, word.finish)
  end
  local names, after, attributes, closes = names_from(tokens, i + 1)
  if closes then return end -- that one ends with its line
  blank(edits, word.start, word.finish)
  for _, span in ipairs(attributes) do blank(edits, span[1], span[2]) end
  for _, name in ipairs(names) do found[name.text] = true end
  if not is(tokens[after], "=") then
    local finish = attributes[1] and attributes[#attributes][2] or 0
    finish = math.max(finish, names[#names].finish)
    edits[#edits + 1] = { finish + 1, finish, " = nil" }
  end
end

local function apply(text, edits)
  local parts, from = {}, 1
  for _, edit in ipairs(edits) do
    parts[#parts + 1] = text:sub(from, edit[1] - 1)
    parts[#parts + 1] = edit[3]
    from = edit[2] + 1
  end
  return table.concat(parts) .. text:sub(from)
end

--- The text with its outermost `local` declarations as assignments, in the same lines and columns, and the
--- names that it makes local. The text has to be valid Lua.
---@param text string
---@return string
---@return table<string, true>
function chunk.without_locals(text)
  local found, edits, depth = {}, {}, 0
  if not text:find("local", 1, true) then return text, found end
  local tokens = lexer.tokens(text)
  for i, token in ipairs(tokens) do
    local word = token.kind ~= "string" and token.text
    if depth == 0 and word == "local" then edit_local(tokens, i, edits, found) end
    depth = depth + (OPENS[word] or 0) - (CLOSES[word] or 0)
  end
  return apply(text, edits), found
end

-- Compiling ---------------------------------------------------------------------------------------------------

--- The mistake that came later in the text: of the two readings, as an expression and as statements, the one that
--- understood more.
local function mistake(place, text, prefix, problem)
  local whole = source.new(place.name, ("\n"):rep(place.line - 1) .. prefix .. text)
  local made = failure.syntax(whole, problem)
  local where = made.where
  if where.line == place.line and where.column then where.column = math.max(where.column - #prefix, 1) end
  made.excerpt = source.new(place.name, ("\n"):rep(place.line - 1) .. text):excerpt(where)
  return made
end

local function later(a, b)
  if a.where.line ~= b.where.line then return a.where.line > b.where.line end
  return (a.where.column or 0) > (b.where.column or 0)
end

---@class perilune.shell.Chunk
---@field run function
---@field locals table<string, true>  names that it makes local
---@field is_expression boolean  its results are to be shown

--- Compiles what was typed.
---@param text string
---@param place { name: string, line: integer }  of its first line
---@param env table
---@return perilune.shell.Chunk|nil
---@return "more"|perilune.Error|nil problem  "more": it is not finished
function chunk.compile(text, place, env)
  local lines = ("\n"):rep(place.line - 1)
  local as_value, first = load(lines .. RETURN .. text, "@" .. place.name, "t", env)
  if as_value then return { run = as_value, locals = {}, is_expression = true } end
  local valid, second = load(lines .. text, "@" .. place.name, "t", env)
  if valid then
    local plain, found = chunk.without_locals(text)
    return { run = assert(load(lines .. plain, "@" .. place.name, "t", env)), locals = found, is_expression = false }
  elseif is_unfinished(first) or is_unfinished(second) then
    return nil, "more"
  end
  local value, statement = mistake(place, text, RETURN, first), mistake(place, text, "", second)
  return nil, err.new(later(value, statement) and value or statement)
end

--- The error of a text that ends before it is finished.
---@param text string
---@param place { name: string, line: integer }
---@return perilune.Error
function chunk.unfinished(text, place)
  for _, prefix in ipairs { RETURN, "" } do
    local _, problem = load(("\n"):rep(place.line - 1) .. prefix .. text, "@" .. place.name, "t", {})
    if problem and is_unfinished(problem) then return err.new(mistake(place, text, prefix, problem)) end
  end
  err.raise { code = "internal", message = "a finished chunk was called unfinished" }
end

return chunk
