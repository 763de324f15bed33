--- What names mean at the prompt: locals that lines made, globals, the words of the shell, kinds, Lua's own.
---
--- The globals of the prompt are its own table: `type = "VirtualMachine"` must not take `type` from anybody else.
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"
local waiting = require "perilune.c.coroutine"

local env = {}

---@class perilune.shell.Env
---@field proxy table  what chunks are compiled with
---@field locals table<string, any>
---@field is_local table<string, true>
---@field globals table<string, any>
---@field words table<string, any>
---@field private find fun(name: string): any  words that are made when they are wanted
local Env = {}
Env.__index = Env

local modules = {
  json = "perilune.c.json", time = "perilune.c.time", vim = "perilune.vim",
}

local function text_only(self)
  local function load_text(text, name, _, environment)
    return load(text, name, "t", environment == nil and self.proxy or environment)
  end
  local function load_file(path, _, environment)
    return loadfile(path, "t", environment == nil and self.proxy or environment)
  end
  local function do_file(path)
    local chunk, problem = load_file(path)
    if not chunk then error(problem, 0) end
    return chunk()
  end
  return load_text, load_file, do_file
end

--- `require` of modules of ours, and of Lua files under the current directory, which see the prompt's globals.
local function require_word(self)
  local loaded = {}
  return function(name)
    if loaded[name] ~= nil then return loaded[name] end
    local file = package.searchpath(name, self.path)
    if not file or name:find "^perilune%." then return require(name) end
    local chunk, problem = loadfile(file, "t", self.proxy)
    if not chunk then error(problem, 0) end
    local value = chunk(name, file)
    loaded[name] = value == nil or value
    return loaded[name]
  end
end

local function os_library()
  local library = setmetatable({}, { __index = os })
  function library.exit(status)
    local code = math.type(status) == "integer" and status or (status == false and 1 or 0)
    err.raise { code = "task.exit", where = false, message = "exit was called", status = code }
  end
  return library
end

--- Coroutines in which a task may wait: the wait goes past whoever resumed them, to the scheduler.
local function coroutine_library()
  local library = setmetatable({ resume = waiting.resume }, { __index = coroutine })
  local function settle(co, ok, ...)
    if ok then return ... end
    coroutine.close(co)
    error(..., 0)
  end
  function library.wrap(fn)
    local co = coroutine.create(fn)
    return function(...) return settle(co, waiting.resume(co, ...)) end
  end
  function library.status(co)
    local status = coroutine.status(co)
    return status == "suspended" and waiting.is_busy(co) and "normal" or status
  end
  function library.close(co)
    if library.status(co) == "normal" then error("cannot close a normal coroutine", 2) end
    return coroutine.close(co)
  end
  return library
end

local function lua_words(self)
  local load_text, load_file, do_file = text_only(self)
  return {
    load = load_text, loadfile = load_file, dofile = do_file, require = require_word(self),
    coroutine = coroutine_library(), os = os_library(),
    all = scope.all, parallel = scope.parallel, race = scope.race, sleep = task.sleep, timeout = scope.timeout,
  }
end

local function read(self, name)
  if self.is_local[name] then return self.locals[name] end
  local value = self.globals[name]
  if value ~= nil then return value end
  value = self.words[name]
  if value == nil then value = self.find(name) end
  if value == nil and modules[name] then value = require(modules[name]) end
  if value == nil then value = _G[name] end
  return value
end

local function write(self, name, value)
  if self.pending[name] then self.is_local[name] = true end
  local home = self.is_local[name] and self.locals or self.globals
  home[name] = value
end

---@param find fun(name: string): any
---@return perilune.shell.Env
function env.new(find)
  local self = setmetatable({
    locals = {}, is_local = {}, globals = {}, pending = {}, find = find, path = "./?.lua;./?/init.lua",
  }, Env)
  self.proxy = setmetatable({}, {
    __index = function(_, name) return read(self, name) end,
    __newindex = function(_, name, value) write(self, name, value) end,
    __pairs = function() return next, self.globals end,
  })
  self.words = lua_words(self)
  self.words._G = self.proxy
  return self
end

--- Which names the next chunk makes local.
---@param names table<string, true>
function Env:expect(names)
  self.pending = names
end

--- Lets `require` find what lies beside a file.
---@param file string
function Env:search_beside(file)
  local directory = file:match "^(.*)/"
  if directory then self.path = ("%s/?.lua;%s/?/init.lua;%s"):format(directory, directory, self.path) end
end

--- What a name means now.
---@param name string
---@return any
function Env:get(name)
  return read(self, name)
end

--- All names that mean something.
---@return string[]
function Env:names()
  local set, list = {}, {}
  for _, home in ipairs { self.is_local, self.globals, self.words, modules, _G } do
    for name in pairs(home) do
      if type(name) == "string" and not set[name] then
        set[name] = true
        list[#list + 1] = name
      end
    end
  end
  return list
end

return env
