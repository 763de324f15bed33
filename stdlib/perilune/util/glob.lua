--- Names with wildcards: `*` is any text, `?` any one character.
---
--- A glob is cut at its stars into pieces, which are looked for one after the other from the left: that finds a
--- fit if there is one, and takes no longer for having many stars.
local glob = {}

local CHARACTER = "[\0-\x7F\xC2-\xFD][\x80-\xBF]*"

--- Whether a text has wildcards.
---@param text string
---@return boolean
function glob.is(text)
  return text:find "[*?]" ~= nil
end

--- What is between the characters of a kind.
local function split(text, at)
  local list = {}
  for piece in (text .. at):gmatch(("([^%s]*)%%%s"):format(at, at)) do
    list[#list + 1] = piece
  end
  return list
end

--- A piece between stars as a Lua pattern.
local function pattern_of(piece, decode)
  local runs = split(piece, "?")
  for i, run in ipairs(runs) do
    runs[i] = decode(run):gsub("[%^%$%(%)%%%.%[%]%+%-%*%?]", "%%%0")
  end
  return table.concat(runs, CHARACTER)
end

local function pieces_of(text, decode)
  local pieces = split(text, "*")
  for i, piece in ipairs(pieces) do
    pieces[i] = pattern_of(piece, decode)
  end
  return pieces
end

local function as_written(text)
  return text
end

--- Whether the pieces but the first and the last are in the text in their order; where they end.
local function find_middle(text, at, pieces)
  for i = 2, #pieces - 1 do
    local first, last = text:find(pieces[i], at)
    if not first then
      return nil
    end
    at = last + 1
  end
  return at
end

--- A test of names.
---@param text string
---@param decode (fun(text: string): string)?  applied to what is no wildcard: escapes may make `*` of it
---@return fun(name: string): boolean
function glob.test(text, decode)
  local pieces = pieces_of(text, decode or as_written)
  if #pieces == 1 then
    local whole = "^" .. pieces[1] .. "$"
    return function(name) return name:find(whole) ~= nil end
  end
  local first, last = "^" .. pieces[1], pieces[#pieces] .. "$"
  return function(name)
    local _, ends = name:find(first)
    local at = ends and find_middle(name, ends + 1, pieces)
    return at ~= nil and name:find(last, at) ~= nil
  end
end

return glob
