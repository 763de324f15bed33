--- The environment of a playbook: its words, the kinds, and the part of Lua that can only compute.
---
--- Nothing that Perilune uses is handed out itself: libraries are copies, metatables are protected.
--- What may wait is Lua code, since a task cannot wait inside a C function that calls back.
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local handles = require "perilune.playbook.handle"
local session = require "perilune.playbook.session"
local values = require "perilune.playbook.deferred"
local words = require "perilune.playbook.words"

local env = {}

local plain = deferred.plain

local function copy(library, ...)
  local names = {}
  for _, name in ipairs { ... } do
    names[name] = library[name]
  end
  return names
end

--- Passes on what pcall gave, unless it is an error that nobody may hold back.
local function held(ok, e, ...)
  if not ok and session.is_final(e) then error(e, 0) end
  return ok, e, ...
end

local function protected_call(f, ...)
  return held(pcall(f, ...))
end

local function protected_call_with(f, handler, ...)
  local function handle(e)
    if session.is_final(e) then return e end
    return handler(e)
  end
  return held(xpcall(f, handle, ...))
end

--- The list itself, for a function that changes it.
local function own_list(value, name)
  if deferred.is(value) then
    err.raise {
      code = "playbook.error",
      message = ("table.%s cannot change what the server gave"):format(name),
      hint = "copy it first: local list = { table.unpack(hosts) }",
    }
  end
  return value
end

local function table_library()
  local library = { pack = table.pack }
  for _, name in ipairs { "insert", "remove", "sort" } do
    local original = table[name]
    library[name] = function(list, ...) return original(own_list(list, name), ...) end
  end
  library.concat = function(list, ...) return table.concat(plain(list), ...) end
  library.unpack = function(list, ...) return table.unpack(plain(list), ...) end
  library.move = function(list, from, to, at, target)
    return table.move(plain(list), from, to, at, own_list(target or list, "move"))
  end
  return library
end

local function string_library()
  local library = copy(string, "byte", "char", "find", "gmatch", "gsub", "len", "lower", "match", "pack",
    "packsize", "rep", "reverse", "sub", "unpack", "upper")
  library.format = function(format, ...)
    local arguments = table.pack(...)
    for i = 1, arguments.n do
      arguments[i] = plain(arguments[i])
    end
    return string.format(format, table.unpack(arguments, 1, arguments.n))
  end
  return library
end

local function coroutine_library(reading)
  local library = copy(coroutine, "create", "wrap", "status", "isyieldable", "running", "close")
  library.resume = function(...) return held(coroutine.resume(...)) end
  library.yield = function(...)
    if coroutine.running() == reading.thread then
      err.raise { code = "playbook.error", message = "coroutine.yield outside a coroutine of the playbook" }
    end
    return coroutine.yield(...)
  end
  return library
end

local function set_metatable(value, meta)
  if type(meta) == "table" and rawget(meta, "__gc") ~= nil then
    err.raise { code = "playbook.error", message = "a playbook has no finalizers (__gc)" }
  end
  return setmetatable(value, meta)
end

local function get_metatable(value)
  return type(value) == "table" and not err.is(value) and getmetatable(value) or nil
end

local function lua(reading)
  return {
    ipairs = function(list) return ipairs(plain(list)) end,
    pairs = function(list) return pairs(plain(list)) end,
    next = function(list, key) return next(plain(list), key) end,
    tostring = words.tostring,
    tonumber = function(value, ...) return tonumber(plain(value), ...) end,
    select = select, type = type, error = error, assert = assert,
    rawget = rawget, rawset = rawset, rawequal = rawequal, rawlen = rawlen,
    pcall = protected_call, xpcall = protected_call_with,
    getmetatable = get_metatable, setmetatable = set_metatable,
    string = string_library(), table = table_library(), coroutine = coroutine_library(reading),
    math = copy(math, "abs", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log", "max", "maxinteger",
      "min", "mininteger", "modf", "pi", "rad", "random", "sin", "sqrt", "tan", "tointeger", "type", "ult"),
    utf8 = copy(utf8, "char", "charpattern", "codepoint", "codes", "len", "offset"),
    _VERSION = _VERSION,
  }
end

local NOT_HERE = {
  io = "files", os = "the operating system", debug = "the debugger", package = "packages",
  load = "code from text", loadfile = "code from files", dofile = "code from files",
  collectgarbage = "the collector",
}

local ONLY_IN_RUN = {
  parallel = true, all = true, race = true, timeout = true, spawn = true, sleep = true, scope = true,
}

--- What there is to say about a name that playbooks do not have.
local function hint_for(reading, known, name)
  if NOT_HERE[name] then
    return ("playbooks have no %s; a script for `perilune run` may use %s"):format(NOT_HERE[name], name)
  elseif ONLY_IN_RUN[name] then
    return name .. " is for scripts of `perilune run`"
  end
  local names = {}
  for word in pairs(known) do
    names[word] = true
  end
  for word in pairs(reading.kinds) do
    names[word] = true
  end
  return err.suggest(name, names)
end

local function unknown_name(reading, known, name)
  local where = reading:here()
  local key = ("%s:%d:%s"):format(where.file, where.line, tostring(name))
  if reading.unknown_names[key] then reading:stop() end
  reading.unknown_names[key] = true
  reading:report {
    code = "playbook.name",
    where = reading:at_word(where, tostring(name)),
    message = ('unknown name "%s"'):format(tostring(name)),
    hint = hint_for(reading, known, tostring(name)),
  }
  return values.broken(reading)
end

local function reader(reading, known)
  local kind_words = {}
  return function(_, name)
    if known[name] ~= nil then
      return known[name]
    elseif reading.assigned[name] ~= nil then
      return reading.assigned[name]
    end
    local kind = reading.kinds[name]
    if not kind then return unknown_name(reading, known, name) end
    kind_words[name] = kind_words[name] or handles.word(reading, kind)
    return kind_words[name]
  end
end

--- Assigning a global is a mistake; the value is kept so that what uses it is not one too.
local function writer(reading)
  return function(_, name, value)
    reading.assigned[name] = value == nil and false or value
    reading:report {
      code = "playbook.global",
      where = reading:at_word(reading:here(), tostring(name)),
      message = ('"%s" is assigned without being local'):format(tostring(name)),
      hint = ("write local %s = …"):format(tostring(name)),
    }
  end
end

--- Makes the environment of one reading, shared by the modules it requires.
---@param reading perilune.playbook.Session
---@param require_module fun(name: string): any
---@return table
function env.new(reading, require_module)
  local known = lua(reading)
  for name, word in pairs(words.of(reading)) do
    known[name] = word
  end
  known.require = require_module
  reading.assigned, reading.unknown_names = {}, {}
  local meta = { __index = reader(reading, known), __newindex = writer(reading), __metatable = false }
  return setmetatable({}, meta)
end

return env
