--- Completion: what may stand where the cursor is, of all that the session and the schema know.
---
---     complete/reader.lua    the text before the cursor, and what is open in it
---     complete/evaluate.lua  what its expressions are, and what a place wants
---     complete/shape.lua     what there is of a value: members, methods, fields, words; api.lua, kind.lua,
---                            options.lua and live.lua know the sorts of values
---
--- Nothing here waits, sends or runs what the user wrote. Names of live objects that are not there yet are
--- fetched in the background (names.lua), and the answer says so.
local about = require "perilune.doc.words"
local common = require "perilune.shell.complete.common"
local evaluate = require "perilune.shell.complete.evaluate"
local file = require "perilune.c.file"
local help = require "perilune.shell.help"
local kinds = require "perilune.doc.kinds"
local reader = require "perilune.shell.complete.reader"
local text_for = require "perilune.util.text"

local complete = {}

local MOST_ITEMS = 200 -- in an answer
local MOST_NOTES = 24 -- items with notes, which take a line each; more are listed without them

---@class perilune.shell.Answer
---@field from integer  byte offset where the replaced part begins
---@field items perilune.shell.Item[]  where there are too many but all go on alike, just how they do
---@field more integer?  how many there are besides
---@field pending boolean?  whether names are being fetched that may fit

---@class perilune.shell.Place  what the text of a string depends on
---@field names (fun(kinds: string[], word: string): perilune.shell.Item[])?
---@field files fun(word: string): perilune.shell.Item[], integer
---@field documented fun(word: string): perilune.shell.Item[]

---@class perilune.shell.Command
---@field name string  without its colon
---@field doc string?
---@field takes "file"|"about"|string[]|nil  what comes after it

---@class perilune.shell.CompleteOptions
---@field env (fun(name: string): any)?  the value of a global or a local
---@field env_names (fun(): string[])?
---@field names perilune.shell.Names?
---@field commands (perilune.shell.Command|string)[]?

---@class perilune.shell.Completer
local Completer = {}
Completer.__index = Completer

local function nothing() end

---@param given perilune.shell.CompleteOptions
---@return perilune.shell.Completer
function complete.open(given)
  return setmetatable({
    value_of = given.env or nothing,
    names_of_env = given.env_names or function() return {} end,
    names = given.names,
    commands = given.commands or {},
  }, Completer)
end

-- Answers --------------------------------------------------------------------------------------------------

local function beginning(items, word, fold)
  local fitting = {}
  for _, item in ipairs(items) do
    if fold(item.text:sub(1, #word)) == fold(word) then fitting[#fitting + 1] = item end
  end
  return fitting
end

local function same(text)
  return text
end

--- Items that begin with a word; if none does, whatever the case.
local function fitting(items, word)
  local found = beginning(items, word, same)
  return #found > 0 and found or beginning(items, word, string.lower)
end

local function by_text(a, b)
  return a.text < b.text
end

local function without_notes(items)
  local bare = {}
  for i, item in ipairs(items) do bare[i] = { text = item.text } end
  return bare
end

--- An answer of sorted items, with `more` besides; `prefix` is what all of them begin with.
local function answer(from, items, word, more, prefix)
  if more > 0 and #prefix > #word then return { from = from, items = { { text = prefix } } } end
  if #items > MOST_NOTES then items = without_notes(items) end
  return { from = from, items = items, more = more > 0 and more or nil }
end

local function no_answer(from)
  return { from = from, items = {} }
end

local function each_once(items)
  local list = {}
  for _, item in ipairs(items) do
    if not list[1] or list[#list].text ~= item.text then list[#list + 1] = item end
  end
  return list
end

local function sorted_answer(from, items, word)
  items = fitting(items, word)
  table.sort(items, by_text)
  items = each_once(items)
  local more = math.max(#items - MOST_ITEMS, 0)
  local prefix = more > 0 and common(items[1].text, items[#items].text)
  if more > 0 then items = table.move(items, 1, MOST_ITEMS, 1, {}) end
  return answer(from, items, word, more, prefix)
end

-- Files ----------------------------------------------------------------------------------------------------

--- Files whose path begins with a word.
local function files(word)
  local directory = word:match "^.*/" or ""
  local place = directory == "" and "." or directory
  local items, rest = {}, word:sub(#directory + 1)
  local is_there, names = pcall(file.names, place)
  for _, name in ipairs(is_there and names or {}) do
    local is_shown = name:sub(1, 1) ~= "." or rest:sub(1, 1) == "."
    if is_shown and text_for.visible(name) == name then items[#items + 1] = { text = name } end
  end
  return items, #directory
end

-- Documentation --------------------------------------------------------------------------------------------

--- Documented words that may go on with one; a variable stands for what it holds.
local function documented(self, word)
  local name, rest = word:match "^([%a_][%w_]*)([.:].*)$"
  local known = name and help.word_of(self.value_of(name))
  if not known or known == name then return about.beginning(word) end
  local items = {}
  for i, item in ipairs(about.beginning(known .. rest)) do
    items[i] = { text = name .. item.text:sub(#known + 1), note = item.note }
  end
  return items
end

-- Strings --------------------------------------------------------------------------------------------------

--- A text as it is written between quotes, with escapes for what steers a terminal; nil where it cannot be written so.
local function written(name, quote)
  if quote:sub(1, 1) == "[" then
    local is_plain = text_for.visible(name) == name and not name:find("]", 1, true)
    return is_plain and name or nil
  end
  return text_for.visible((name:gsub("[\\" .. quote .. "]", "\\%0")))
end

--- A text between quotes as it is meant, as far as names need it.
local function meant(word, quote)
  if quote:sub(1, 1) == "[" then return word end
  return (word:gsub("\\([\\\"'])", "%1"))
end

--- The place of a string: where its words come from. `found` takes the answer of names.
local function place_of(self, found)
  return {
    files = files,
    documented = function(word) return documented(self, word) end,
    names = self.names and function(kinds_wanted, word)
      found.names = self.names:find(kinds_wanted, word, MOST_ITEMS)
      return found.names.items
    end,
  }
end

local function quoted(items, quote)
  local list = {}
  for _, item in ipairs(items) do
    local name = written(item.text, quote)
    if name then list[#list + 1] = { text = name, note = item.note } end
  end
  return list
end

--- What an unfinished string may hold, by the shape that is wanted.
local function string_answer(self, reading, wanted, is_key)
  local found, quote = {}, reading.quote
  local words_of = is_key and wanted.key_words or wanted.words
  local list, kept = words_of(wanted, meant(reading.word, quote), place_of(self, found))
  if not list then return nil end
  local from, names = reading.from + (kept or 0), found.names
  if not names then return sorted_answer(from, quoted(list, quote), reading.word:sub((kept or 0) + 1)) end
  local made = answer(from, quoted(list, quote), reading.word, names.more or 0, written(names.prefix, quote) or "")
  made.pending = names.pending
  return made
end

local function in_string(self, reading, evaluation)
  local at = #reading.tokens + 1
  if reading:symbol(at - 1) ~= "[" or reading.frame ~= at - 1 then
    local wanted = evaluation:wanted(at)
    return wanted and string_answer(self, reading, wanted, false)
  end
  local of
  if reading:ends_expression(at - 2) then
    of = evaluation:ending(at - 2)
  elseif reading:symbol(reading:around(at - 1)) == "{" then
    of = evaluation:constructor(reading:around(at - 1))
  end
  return of and string_answer(self, reading, of, true)
end

-- Names ----------------------------------------------------------------------------------------------------

local function global_items(self)
  local items, seen = {}, {}
  local function add(name, note)
    if not seen[name] then
      seen[name] = true
      items[#items + 1] = { text = name, note = note }
    end
  end
  for _, name in ipairs(kinds.words()) do
    if self.value_of(name) ~= nil then add(name, kinds.summary(name)) end
  end
  for _, name in ipairs(self.names_of_env()) do add(name) end
  for word in pairs(reader.keywords) do add(word) end
  return items
end

--- Fields of a table constructor that are not written yet.
local function key_items(reading, wanted, after)
  local items, left = wanted and wanted:keys(), {}
  if not items then return nil end
  local given, behind = reading:fields(reading.frame), reader.keys_after(after)
  for _, item in ipairs(items) do
    if given[item.text] == nil and not behind[item.text] then left[#left + 1] = item end
  end
  return left
end

--- What may follow an expression on its line.
local FOLLOWS = {}
for word in ("and do else elseif end in or then until"):gmatch "%a+" do FOLLOWS[#FOLLOWS + 1] = { text = word } end

--- Whether the word stands behind an expression, and so goes on with it.
local function goes_on(reading)
  local last = reading.tokens[#reading.tokens]
  return reading:ends_expression(#reading.tokens) and last.line == reading.line
end

local KEY_COMES = { ["{"] = true, [","] = true, [";"] = true }

local function at_name(self, reading, evaluation, after)
  local at = #reading.tokens + 1
  local before = reading:symbol(at - 1)
  if KEY_COMES[before] and reading:symbol(reading.frame) == "{" then
    local keys = key_items(reading, evaluation:constructor(reading.frame), after)
    if keys then return sorted_answer(reading.from, keys, reading.word) end
  end
  if goes_on(reading) then
    local is_apart = reading.from > reading.tokens[at - 1].finish
    return sorted_answer(reading.from, is_apart and FOLLOWS or {}, reading.word)
  end
  local items, wanted = global_items(self), evaluation:wanted(at)
  for _, item in ipairs(wanted and wanted:values() or {}) do items[#items + 1] = item end
  return sorted_answer(reading.from, items, reading.word)
end

local function at_member(reading, evaluation)
  local link = #reading.tokens
  local of = evaluation:ending(link - 1)
  if not of then return nil end
  if reading:symbol(link) == ":" then return sorted_answer(reading.from, of:methods(), reading.word) end
  local wanted = evaluation:wanted(reading:start_of(link - 1))
  return sorted_answer(reading.from, of:members(wanted), reading.word)
end

local function in_code(self, reading, after)
  local evaluation = evaluate.new(reading, self.value_of)
  local link = reading:symbol(#reading.tokens)
  if reading.quote then
    return in_string(self, reading, evaluation)
  elseif link == "." or link == ":" then
    return at_member(reading, evaluation)
  end
  return at_name(self, reading, evaluation, after)
end

-- Commands -------------------------------------------------------------------------------------------------

local TAKES = {
  file = function(_, word) return files(word) end,
  about = documented,
}

local function command_items(self)
  local items = {}
  for i, command in ipairs(self.commands) do
    if type(command) == "string" then command = { name = command } end
    items[i] = { text = command.name, note = command.doc, suffix = command.takes and " " or nil }
  end
  return items
end

local function argument_words(self, takes, word)
  if type(takes) == "function" then takes = takes() end
  if TAKES[takes] then return TAKES[takes](self, word) end
  local items = {}
  for i, text in ipairs(type(takes) == "table" and takes or {}) do items[i] = { text = text } end
  return items, 0
end

local function in_command(self, text, start)
  local name, gap = text:match("^([%w_-]*)(%s*)", start)
  if gap == "" then return sorted_answer(start - 1, command_items(self), name) end
  local from = start + #name + #gap
  for _, command in ipairs(self.commands) do
    if command.name == name then
      local word = text:sub(from)
      local items, kept = argument_words(self, command.takes, word)
      return sorted_answer(from - 1 + (kept or 0), items, word:sub((kept or 0) + 1))
    end
  end
end

--- What may stand at the cursor. Does not wait.
---@param text string
---@param cursor integer  bytes before it
---@return perilune.shell.Answer
function Completer:at(text, cursor)
  local before = text:sub(1, cursor)
  local command, asked = before:match "^%s*:()", before:match "^%s*%?%s*()"
  local made
  if command then
    made = in_command(self, before, command)
  elseif asked then
    made = sorted_answer(asked - 1, documented(self, before:sub(asked)), before:sub(asked))
  else
    local reading = reader.read(before)
    made = not reading.is_comment and in_code(self, reading, text:sub(cursor + 1)) or nil
  end
  return made or no_answer(cursor)
end

return complete
