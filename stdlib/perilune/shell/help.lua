--- Documentation at the prompt: `help()`, `help(x)`, `doc "word"`, `?vm.ReconfigVM_Task`. Needs no server.
local doc = require "perilune.doc"
local handle = require "perilune.schema.handle"
local object = require "perilune.c.object"
local schema = require "perilune.c.schema"

local help = {}

local OVERVIEW = {
  'vm "web-01"                     an object by its name; the kinds: doc()',
  'vm "web-01" { memory = "4GiB" } what it shall be; plan() shows what would change, apply() does it',
  "w:PowerOffVM_Task():await()     any method of the API by its own name, on an object",
  'w:get("runtime.powerState")     properties of one object; vc:rows { type =, props =, where = } of many',
  "_  _1  _2                       results",
  "",
  "help(x)                         what a value is, and what it can do",
  'doc "word"  ?vm.ReconfigVM_Task what a word of a playbook or of the API means; parts of names find it',
  "Tab                             what may stand here: methods, fields at any depth, paths, names of objects",
  ":help                           the commands",
}

--- What a word means.
---@param word string?  none: all kinds
---@param width integer
---@return string[]
function help.word(word, width)
  return doc.lines(word ~= "" and word or nil, width)
end

--- The word that documents a value: of a handle its kind, of an object its type; nil where there is none.
---@param value any
---@return string?
function help.word_of(value)
  if object.is(value) then
    return object.type(value)
  elseif handle.is(value) then
    return handle.kind_of(value)
  end
  local name = type(value) == "table" and rawget(value, "_typeName")
  return type(name) == "string" and schema.type(name) and name or nil
end

--- What `help(x)` tells: of a text what it means as a word, of a value what it is.
---@param value any  nil: how the shell is used
---@param width integer
---@return string[]
function help.about(value, width)
  if value == nil then
    return OVERVIEW
  elseif type(value) == "string" then
    return help.word(value, width)
  end
  local word = help.word_of(value)
  if word then return help.word(word, width) end
  return { ("A %s: print it to see what is in it."):format(type(value)) }
end

--- What `?text` asks for: a word, with a variable before the dot or colon standing for what it holds.
---@param text string  behind the question mark
---@param width integer
---@param value_of fun(name: string): any  of a variable
---@return string[]
function help.asked(text, width, value_of)
  local word = text:match "^%s*(.-)%s*$"
  local name, rest = word:match "^([%a_][%w_]*)(.*)$"
  local known = name and help.word_of(value_of(name))
  if not known then return help.word(word, width) end
  return help.word(known .. rest:gsub(":", "."), width)
end

return help
