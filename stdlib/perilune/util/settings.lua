--- Files of settings, such as targets.lua: Lua that may only say the words it is given.
local err = require "perilune.err"

local settings = {}

---@class perilune.util.Settings  one file while it is read
---@field path string
---@field source string  its text
---@field code string  of the errors that mistakes in it are
local Settings = {}
Settings.__index = Settings

--- Raises a mistake of the file.
---@param where perilune.err.Place|false
---@param message string
---@param hint string?
function Settings:invalid(where, message, hint)
  err.raise { code = self.code, where = where, message = message, hint = hint }
end

--- The line of the file that is being run.
---@return perilune.err.Place
function Settings:here()
  local chunk = "@" .. self.path
  for level = 2, 50 do
    local info = debug.getinfo(level, "Sl")
    if not info then break end
    if info.source == chunk then return { file = self.path, line = info.currentline } end
  end
  return { file = self.path, line = 1 }
end

--- The place of a field's name in a table that begins at a place: the next line that says `name =`.
---@param name any
---@param from perilune.err.Place
---@return perilune.err.Place
function Settings:field_place(name, from)
  local number = 0
  for line in (self.source .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    if number >= from.line and line:find("%f[%w_]" .. tostring(name):gsub("%W", "%%%0") .. "%f[^%w_]%s*=") then
      return { file = self.path, line = number }
    end
  end
  return from
end

--- A table of words that refuses any other and cannot be changed.
---@param words table<string, any>
---@param what string  what a word is called in messages: "name"
---@return table
function Settings:vocabulary(words, what)
  return setmetatable({}, {
    __index = function(_, name)
      local word = words[name]
      if word == nil then
        self:invalid(self:here(), ("unknown %s %q"):format(what, tostring(name)), err.suggest(tostring(name), words))
      end
      return word
    end,
    __newindex = function(_, name) self:invalid(self:here(), ("make it local: %s"):format(tostring(name))) end,
    __metatable = false,
  })
end

--- Checks the fields of a table against what each may be; a check gives true, or what is wrong.
---@param label string  whose fields they are: 'target "lab"'
---@param fields any
---@param checks table<string, fun(value: any): true|string>
---@param where perilune.err.Place
function Settings:check(label, fields, checks, where)
  if type(fields) ~= "table" then self:invalid(where, label .. " wants a table of fields") end
  for field, value in pairs(fields) do
    local check = checks[field]
    local problem = not check and ("unknown field %q"):format(tostring(field)) or check(value)
    if problem ~= true then
      local message = check and ("%s: %s: %s"):format(label, field, problem) or ("%s: %s"):format(label, problem)
      self:invalid(self:field_place(field, where), message,
        not check and err.suggest(tostring(field), checks) or nil)
    end
  end
end

local function place_of(self, problem)
  local line, rest = tostring(problem):match ":(%d+): (.*)$"
  return { file = self.path, line = math.tointeger(tonumber(line)) or 1 }, rest or tostring(problem)
end

local function located(self, problem)
  if err.is(problem) then
    problem.where = problem.where or { file = self.path, line = 1 }
    error(problem, 0)
  end
  self:invalid(place_of(self, problem))
end

--- The settings of a file before it is run; nil when there is no such file.
---@param path string
---@param code string  of the errors that mistakes in it are
---@return perilune.util.Settings?
---@return string? problem
function settings.open(path, code)
  local file, problem = io.open(path, "r")
  local source = file and file:read "a"
  if file then file:close() end
  if not source then return nil, problem or path .. " is no file" end
  return setmetatable({ path = path, source = source, code = code }, Settings)
end

--- Runs the file.
---@param words table<string, any>  what it may say
function Settings:run(words)
  local chunk, problem = load(self.source, "@" .. self.path, "t", self:vocabulary(words, "name"))
  if not chunk then located(self, problem) end
  local ok, failure = pcall(chunk)
  if not ok then located(self, failure) end
end

return settings
