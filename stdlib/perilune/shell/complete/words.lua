--- Shapes of words by their names: the kinds, and functions of the session whose arguments are known.
local kind = require "perilune.shell.complete.kind"
local kinds = require "perilune.kind"
local options = require "perilune.shell.complete.options"
local shape = require "perilune.shell.complete.shape"

local words = {}

local File = shape.class()

function File:words(word, place) -- luacheck: ignore 212
  return place.files(word)
end

--- The name of a file.
---@type perilune.shell.Shape
words.file = setmetatable({}, File)

local About = shape.class()

function About:words(word, place) -- luacheck: ignore 212
  return place.documented(word)
end

--- A word that the documentation knows.
---@type perilune.shell.Shape
words.about = setmetatable({}, About)

--- A function by the word for it; nil for words that are not known.
---@type table<string, perilune.shell.Shape>
local FUNCTIONS = {
  defaults = shape.call { kind.defaults },
  doc = shape.call { words.about },
  dofile = shape.call { words.file },
  help = shape.call { words.about },
  loadfile = shape.call { words.file },
  read = shape.call { words.file },
  vcenter = shape.call({}, options.connection),
}

--- The shape of a global function.
---@param name string
---@return perilune.shell.Shape?
function words.shape(name)
  return kinds[name] and kind.word(kinds[name]) or FUNCTIONS[name]
end

return words
