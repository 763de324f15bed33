--- Errors: tables with a code, a sentence, a place and a hint, raised by Lua and by C alike.
--
-- Failure raises one of these; nil means absent. An error that is caught and not settled is raised again as it is:
-- error(e, 0) or err.raise(e).
local c = require "perilune.c.error"

local err = {}

---@class perilune.err.Place
---@field file string
---@field line integer

---@class perilune.Error
---@field code string                     dotted name from codes.def
---@field message string                  one sentence
---@field where? perilune.err.Place       the user's line
---@field path? string                    place in a value: "spec.disk[2].key"
---@field fault? table                    the data object the server sent
---@field server? string                  the server's own words
---@field hint? string                    what to do
---@field excerpt? string                 lines of the user's file, the words meant marked
---@field detail? string                  lines of evidence
---@field cause? any                      the error behind this one
---@field mistakes? perilune.Error[]      several mistakes of one input
---@field also? perilune.Error[]          what failed besides, while this error unwound
---@field traceback? string               of a foreign error
---@field status? integer                 of task.exit: what os.exit was given

local meta = c.metatable
local OWN = "stdlib/perilune/"            -- occurs in the chunk names of this library

---@param e any
---@return boolean  whether e is an error of ours
function err.is(e)
  return getmetatable(e) == meta
end

--- The nearest line of the stack that is not of this library.
local function caller()
  for level = 3, math.huge do
    local frame = debug.getinfo(level, "Sl")
    if not frame then return nil end
    if frame.currentline > 0 and not frame.source:find(OWN, 1, true) then
      return { file = frame.short_src, line = frame.currentline }
    end
  end
end

---@param fields perilune.Error
---@return perilune.Error  an error made of the table itself, not raised
function err.new(fields)
  if not c.codes[fields.code] then error("unknown error code " .. tostring(fields.code), 2) end
  return setmetatable(fields, meta)
end

--- Raises an error; one that has no place gets the nearest line of the caller's own code.
---@param fields perilune.Error
function err.raise(fields)
  local e = err.is(fields) and fields or err.new(fields)
  if e.where == nil then e.where = caller() end
  error(e, 0)
end

--- Whether e, or one of its causes, has the code.
---@param e any
---@param code string
---@return boolean
function err.has(e, code)
  while err.is(e) do
    if e.code == code then return true end
    e = e.cause
  end
  return false
end

--- Makes a foreign error one of ours, with the traceback of where it is called; ours stay as they are. The message
--- handler of every task, and for xpcall.
---@param e any
---@return perilune.Error
function err.wrap(e)
  if err.is(e) then return e end
  local text = type(e) == "string" and e or ("an error that is a %s: %s"):format(type(e), tostring(e))
  local file, line, message = text:match "^([^\n]-):(%d+): (.*)$"
  return setmetatable({
    code = "lua",
    message = message or text,
    where = file and { file = file, line = math.tointeger(tonumber(line)) },
    traceback = debug.traceback("", 2),
  }, meta)
end

--- Remembers in e an error that came while e unwound.
---@param e perilune.Error
---@param other any
---@return perilune.Error e
function err.also(e, other)
  e.also = e.also or {}
  table.insert(e.also, err.wrap(other))
  return e
end

---@param e any
---@return integer  exit code of a command that ends with this error
function err.exit_code(e)
  local known = err.is(e) and c.codes[e.code]
  return known and known.exit or 1
end

local function names_of(set)
  if #set > 0 then return set end
  local names = {}
  for name in pairs(set) do
    if type(name) == "string" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

---@param name string
---@param set table<string, any>|string[]  names, as keys or as a list
---@return string|nil nearest  nil when none is near
function err.nearest(name, set)
  return c.nearest(name, names_of(set))
end

---@param name string
---@param set table<string, any>|string[]
---@return string|nil  `did you mean "x"?`
function err.suggest(name, set)
  local near = err.nearest(name, set)
  return near and ('did you mean "%s"?'):format(near)
end

-- What a person sees ---------------------------------------------------------------------------------------------

local function add(lines, indent, text)
  for line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line == "" and "" or indent .. line end
end

local function head(e)
  local place = e.where and ("%s:%d: "):format(e.where.file, e.where.line) or ""
  local suggestion = e.hint and e.hint:find "^did you mean" and "; " .. e.hint or ""
  return place .. e.message .. suggestion
end

--- The server's words, after the name of its fault.
local function words(e)
  local name = e.fault and e.fault._typeName or "the server"
  return ('%s: "%s"'):format(name, e.server)
end

--- The frames of a traceback; without all, those of the user's own files only.
local function frames(traceback, all)
  local kept = {}
  for line in traceback:gmatch "[^\n]+" do
    local frame = line:match "^%s+(.*)"
    local own = frame and not (frame:find(OWN, 1, true) or frame:find "^%[C%]" or frame:find "^%(%.%.%.")
    if frame and (all or own) then kept[#kept + 1] = frame end
  end
  return kept
end

local function add_traceback(lines, e, verbose)
  local kept = e.traceback and frames(e.traceback, verbose) or {}
  if #kept < 2 and not verbose then return end -- the place says it already
  for _, frame in ipairs(kept) do add(lines, "    ", frame) end
end

local describe

--- What is behind an error and beside it; of an error that is around it already, nothing more.
local function add_related(lines, e, options, around)
  local function related(word, other)
    if not around[other] then add(lines, "  ", word .. describe(other, options, around)) end
  end
  around[e] = true
  if e.cause ~= nil then related("because: ", err.wrap(e.cause)) end
  for _, other in ipairs(e.also or {}) do related("also: ", other) end
  around[e] = nil
end

function describe(e, options, around)
  local verbose, lines = options.verbose, {}
  for _, mistake in ipairs(e.mistakes or {}) do add(lines, "", describe(mistake, options, around)) end
  add(lines, "", head(e))
  if e.excerpt then add(lines, "", e.excerpt) end
  if e.server then add(lines, "  ", words(e)) end
  if e.path then add(lines, "    ", e.path) end
  if e.detail then add(lines, "  ", e.detail) end
  add_traceback(lines, e, verbose)
  if e.hint and not e.hint:find "^did you mean" then add(lines, "  ", "What to do: " .. e.hint) end
  add_related(lines, e, options, around)
  if verbose then add(lines, "  ", "error code " .. e.code) end
  return table.concat(lines, "\n")
end

--- The error as a person reads it: place and sentence; then the server's words, the path, the evidence, the hint.
---@param e any
---@param options? { verbose: boolean }
---@return string  lines, without a newline at the end
function err.format(e, options)
  if not err.is(e) then return tostring(e) end
  return describe(e, options or {}, {})
end

meta.__tostring = function(e) return err.format(e) end

return err
