--- The variables of a playbook: from files, then from -e, which wins.
local err = require "perilune.err"
local json = require "perilune.c.json"

local variables = {}

local function mistake(path, message)
  err.raise { code = "playbook.var", where = false, message = ("%s: %s"):format(path, message) }
end

local function read(path)
  local file, problem = io.open(path, "rb")
  local content = file and file:read "a"
  if file then file:close() end
  if not content then
    err.raise { code = "io", where = false, message = "cannot read " .. (problem or path) }
  end
  return content
end

-- A Lua file of variables is data: `return { count = 5 }`, with nothing to call.
local function from_lua(path, content)
  local chunk, problem = load(content, "@" .. path, "t", {})
  if not chunk then mistake(path, (problem:gsub("^.-:(%d+): ", "line %1: "))) end
  local ok, values = pcall(chunk)
  if not ok then mistake(path, (tostring(values):gsub("^.-:(%d+): ", "line %1: "))) end
  return values
end

local readers = { lua = from_lua, json = function(_, content) return json.decode(content) end }

local function from_file(path)
  local reader = readers[path:match "%.(%w+)$"]
  if not reader then mistake(path, "a file of variables is named .lua or .json") end
  local values = reader(path, read(path))
  if type(values) ~= "table" or #values > 0 then mistake(path, "it holds no table of names and values") end
  return values
end

--- All variables, later ones over earlier ones.
---@param files string[]?  paths
---@param assignments string[]?  "count=5"; their values stay strings
---@return table<string, any>
function variables.collect(files, assignments)
  local all = {}
  for _, path in ipairs(files or {}) do
    for name, value in pairs(from_file(path)) do all[name] = value end
  end
  for _, assignment in ipairs(assignments or {}) do
    local name, value = assignment:match "^([^=]+)=(.*)$"
    all[name] = value
  end
  return all
end

return variables
