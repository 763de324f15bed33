--- The text of one playbook file: places in it, and excerpts as errors show them.
local lazy = require "perilune.util.lazy"
local lexer = lazy "perilune.playbook.lexer"
local locate = lazy "perilune.playbook.locate"
local path_of = require "perilune.schema.path"

---@class perilune.Where
---@field file string
---@field line integer
---@field column integer|nil  in bytes, from 1
---@field length integer|nil  in bytes, on that line

---@class perilune.playbook.Source
---@field path string  as the user wrote it
---@field text string
---@field package lines string[]
---@field package parsed perilune.playbook.Text|nil
local Source = {}
Source.__index = Source

--- Columns of text that an excerpt shows at most.
local WIDEST = 110

local source = {}

---@param path string
---@param text string
---@return perilune.playbook.Source
function source.new(path, text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\r?\n" do
    lines[#lines + 1] = line
  end
  return setmetatable({ path = path, text = text, lines = lines }, Source)
end

---@return perilune.playbook.Text
function Source:tokens()
  if not self.parsed then
    local tokens = lexer.tokens(self.text)
    self.parsed = { tokens = tokens, closing = lexer.pairs_of(tokens) }
  end
  return self.parsed
end

--- The place of the tokens from `first` to `last`, as far as they are on the first one's line.
---@return perilune.Where
function Source:span(first, last)
  local tokens = self:tokens().tokens
  local from, to = tokens[first], tokens[first]
  for i = first, last do
    if tokens[i].line ~= from.line then break end
    to = tokens[i]
  end
  local newline = self.text:sub(from.start, to.finish):find "\r?\n"
  local length = newline and newline - 1 or to.finish - from.start + 1
  return { file = self.path, line = from.line, column = from.column, length = length }
end

--- The place of a word on a line; of the whole line where the word is not on it.
---@param line integer
---@param word string|nil
---@return perilune.Where
function Source:word(line, word)
  local token = word and locate.word(self:tokens(), line, word)
  if token then
    return { file = self.path, line = line, column = token.column, length = #token.text }
  end
  return { file = self.path, line = line }
end

--- The place of a call: of its name, or of its first argument where this is a text.
---@param line integer
---@param word string
---@param name string|nil
---@return perilune.Where
function Source:call(line, word, name)
  local call = locate.call(self:tokens(), line, word, name)
  if not call then
    return { file = self.path, line = line }
  end
  return self:span(call.head, call.name or call.head)
end

--- The place of a field in the table given to a call; of the call where the field was not written there.
---@param call { line: integer, word: string, name: string|nil }
---@param path string  "disks[2].size"
---@param at "key"|"value"|"parent"
---@return perilune.Where where
---@return boolean exact  whether the field itself was found
function Source:field(call, path, at)
  local text = self:tokens()
  local found = locate.call(text, call.line, call.word, call.name)
  local keys = path_of.keys(path)
  if at == "parent" then table.remove(keys) end
  local part = found and found.open and locate.field(text, found.open, keys)
  if not part then
    return self:call(call.line, call.word, call.name), #keys == 0
  elseif at == "key" or not part.exact then
    return self:span(part.key, part.key_last), part.exact
  end
  return self:span(part.first, part.last), part.exact
end

--- As many blanks as a text takes columns; tabs stay tabs.
local function blanks(text)
  return (text:gsub("[\128-\191]", ""):gsub("[^\t]", " "))
end

local function width(text)
  return math.max(1, utf8.len(text) or #text)
end

local function clipped(line)
  if #line <= WIDEST then return line end
  local finish = utf8.offset(line, 0, WIDEST) or WIDEST
  return line:sub(1, finish - 1) .. "…"
end

--- The line of a place as errors show it, with a mark under the words meant.
---@param where perilune.Where
---@return string|nil  nil where the file has no such line
function Source:excerpt(where)
  local line = self.lines[where.line]
  if not line then return nil end
  local shown = ("%5d | %s"):format(where.line, clipped(line))
  if not where.column or where.column > WIDEST then return shown end
  local marked = line:sub(where.column, where.column + where.length - 1)
  return ("%s\n      | %s%s"):format(shown, blanks(line:sub(1, where.column - 1)), ("^"):rep(width(marked)))
end

--- A place with the lines around it.
---@param where perilune.Where
---@return string|nil
function Source:surroundings(where)
  local shown = {}
  for line = where.line - 1, where.line + 1 do
    local place = line == where.line and where or { line = line }
    shown[#shown + 1] = self:excerpt(place)
  end
  return #shown > 0 and table.concat(shown, "\n") or nil
end

return source
