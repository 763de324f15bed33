--- Inventory paths as people write them: "/DC0/vm/.../web-*".
---
--- A path is split at "/" first, so "%2f" stands for a slash within a name, in either case. `*` and `?` are wildcards
--- within one name ("%2a" and "%3f" stand for the characters), `...` is any number of levels. A path without "/" in
--- front is a relative one.
local err = require "perilune.err"
local glob = require "perilune.util.glob"
local names = require "perilune.util.names"

local path = {}

---@class perilune.vim.InventoryStep
---@field text string  as it was written
---@field name string?  as a person reads it; a name without wildcards
---@field fits fun(name: string): boolean  for names as a person reads them
---@field is_deep boolean?  any number of levels may come before

---@class perilune.vim.InventoryPath
---@field text string  one spelling for all that mean the same
---@field is_absolute boolean
---@field [integer] perilune.vim.InventoryStep

local CHARACTERS = { ["2f"] = "/", ["5c"] = "\\", ["25"] = "%", ["2a"] = "*", ["3f"] = "?" }

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(hex) return CHARACTERS[hex:lower()] end))
end

local function name_part(text)
  local name = unescape(text)
  return { name = name, fits = function(other) return other == name end }
end

local function refuse_dots(text, whole)
  if text == "." or text == ".." then
    err.raise {
      code = "argument",
      message = ("the path %q has %q"):format(whole, text),
      hint = "write the path from the root, or name a root = folder to begin at; any number of levels are ...",
    }
  end
end

local function part_of(text, whole)
  refuse_dots(text, whole)
  return glob.is(text) and { fits = glob.test(text, unescape) } or name_part(text)
end

local function any_name()
  return true
end

--- Reads a path. Raises argument for what is none.
---@param text string
---@return perilune.vim.InventoryPath
function path.parse(text)
  local parts = { is_absolute = text:sub(1, 1) == "/" }
  local is_deep, spelled = false, {}
  for word in text:gmatch "[^/]+" do
    spelled[#spelled + 1] = word
    if word == "..." then
      is_deep = true
    else
      local part = part_of(word, text)
      part.text = word
      part.is_deep, is_deep = is_deep, false
      parts[#parts + 1] = part
    end
  end
  if is_deep then
    parts[#parts + 1] = { text = "", fits = any_name, is_deep = true }
  end
  if #parts == 0 and not parts.is_absolute then
    err.raise { code = "argument", message = ("%q is no inventory path"):format(text) }
  end
  parts.text = (parts.is_absolute and "/" or "") .. table.concat(spelled, "/"):gsub("%%%x%x", string.lower)
  return parts
end

--- How many of the first parts are plain names.
---@param parts perilune.vim.InventoryPath
---@return integer
function path.literals(parts)
  local count = 0
  while parts[count + 1] and parts[count + 1].name and not parts[count + 1].is_deep do
    count = count + 1
  end
  return count
end

--- Whether a path can name one thing only: it has no wildcards.
---@param parts perilune.vim.InventoryPath
---@return boolean
function path.is_exact(parts)
  return path.literals(parts) == #parts
end

--- The path of the first parts, as it was written.
---@param parts perilune.vim.InventoryPath
---@param count integer
---@return string
function path.first(parts, count)
  return path.replace(parts, count, parts[count].text, count)
end

--- The path with another text for one of its parts.
---@param parts perilune.vim.InventoryPath
---@param index integer
---@param text string
---@param count integer?  of the first parts; all if absent
---@return string
function path.replace(parts, index, text, count)
  local words = {}
  for i = 1, count or #parts do
    words[#words + 1] = parts[i].is_deep and "..." or nil
    words[#words + 1] = i == index and text or parts[i].text
  end
  return (parts.is_absolute and "/" or "") .. table.concat(words, "/"):gsub("/$", "")
end

--- The first parts, plain names all of them, as the server spells paths.
---@param parts perilune.vim.InventoryPath
---@param count integer
---@return string
function path.spell(parts, count)
  local list = {}
  for i = 1, count do
    list[i] = parts[i].name
  end
  return names.join(list)
end

return path
