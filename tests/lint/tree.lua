--- What the lints share: the files of a tree, their text, and a report that ends in an exit status.
local tree = { root = arg and arg[1] or "." }

local mistakes = 0

--- The files below some folders of the tree whose names end as one of the given endings does, sorted.
---@param folders string[]
---@param endings string[]  such as ".c"
---@return string[] paths  relative to the root
function tree.files(folders, endings)
  local found = {}
  local command = ("cd '%s' && find %s -type f 2>/dev/null"):format(tree.root, table.concat(folders, " "))
  local pipe <close> = assert(io.popen(command))
  for path in pipe:lines() do
    for _, ending in ipairs(endings) do
      if path:sub(-#ending) == ending then found[#found + 1] = path end
    end
  end
  table.sort(found)
  return found
end

--- The text of a file of the tree, or nil where there is none.
function tree.read(path)
  local file <close> = io.open(tree.root .. "/" .. path, "rb")
  return file and file:read "a"
end

--- Calls fn(line, number) for each line of a text.
function tree.each_line(text, fn)
  local number = 0
  for line in text:gmatch "([^\n]*)\n?" do
    number = number + 1
    fn(line, number)
  end
end

--- A text with all but its line ends blanked, so that places stay what they were.
local function blank(text)
  return (text:gsub("[^\n]", " "))
end

-- For each first character of something that is no code: the pattern of all of it, from there.
local c_skips = {
  ["/"] = { "^/%*.-%*/", "^//[^\n]*" },
  ['"'] = { '^"[^"\\\n]*"' },
  ["'"] = { "^'[^'\\\n]*'" },
}

local function quoted_end(text, at, quote)
  local from = at + 1
  while true do
    local stop = text:find("[\\\n" .. quote .. "]", from)
    if not stop or text:sub(stop, stop) ~= "\\" then return stop or #text end
    from = stop + 2
  end
end

local function skip_end(text, at)
  local first = text:sub(at, at)
  for _, pattern in ipairs(c_skips[first]) do
    local _, stop = text:find(pattern, at)
    if stop then return stop end
  end
  return first == "/" and at or quoted_end(text, at, first)
end

--- C without its comments and the insides of its strings; line numbers stay.
---@param text string
---@return string
function tree.c_code(text)
  local out, at = {}, 1
  while true do
    local start = text:find("[/\"']", at)
    if not start then break end
    local stop = skip_end(text, start)
    out[#out + 1] = text:sub(at, start - 1)
    out[#out + 1] = stop == start and text:sub(start, stop) or blank(text:sub(start, stop))
    at = stop + 1
  end
  return table.concat(out) .. text:sub(at)
end

--- Lua without its comments; strings stay, as names of modules and codes are in them.
---@param text string
---@return string
function tree.lua_code(text)
  text = text:gsub("%-%-%[%[.-%]%]", blank)
  local lines = {}
  tree.each_line(text, function(line)
    lines[#lines + 1] = line:gsub("^%s*%-%-.*", ""):gsub("%s%-%- [^\"]*$", "")
  end)
  return table.concat(lines, "\n")
end

--- The folder and the stem of a path: "runtime/http/pool.c" → "runtime/http", "pool".
function tree.split(path)
  local folder, name = path:match "^(.-)/?([^/]+)$"
  return folder, (name:gsub("%.[^.]*$", ""))
end

--- Tells a mistake at a place.
function tree.report(path, line, format, ...)
  mistakes = mistakes + 1
  print(("%s:%d: %s"):format(path, line, format:format(...)))
end

--- Ends the lint: status 1 if anything was reported.
function tree.finish()
  os.exit(mistakes == 0)
end

return tree
