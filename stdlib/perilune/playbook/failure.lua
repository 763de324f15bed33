--- Turns what Lua raises, on compiling or running a playbook, into errors with a place in it.
local err = require "perilune.err"
local session = require "perilune.playbook.session"

local failure = {}

--- The place of the token that Lua complains about: where the text up to it fails in the same way.
local function complaint(text, line, message)
  local near = message:match "near '(.*)'$"
  local tokens = text:tokens().tokens
  for i, token in ipairs(tokens) do
    local is_candidate = token.line == line and near and text.text:sub(token.start, token.finish) == near
    if is_candidate then
      local _, problem = load(text.text:sub(1, token.finish), "=", "t")
      if problem and problem:sub(-#message) == message then return text:span(i, i) end
    end
  end
  return { file = text.path, line = line }
end

local function with_opening(text, message, excerpt)
  local opening = math.tointeger(tonumber(message:match "at line (%d+)%)"))
  local shown = opening and text:excerpt { file = text.path, line = opening }
  if excerpt and excerpt:find "| *$" then excerpt = nil end
  return shown and excerpt and shown .. "\n" .. excerpt or shown or excerpt
end

--- The mistake of a file that is not valid Lua.
---@param text perilune.playbook.Source
---@param raised string  what load said
---@return table mistake
function failure.syntax(text, raised)
  local line, message = raised:match "^.-:(%d+): (.*)$"
  line = math.tointeger(tonumber(line)) or 1
  local where = complaint(text, line, message or raised)
  return {
    code = "playbook.syntax",
    message = message or raised:gsub("^[^:]*: ", ""),
    where = where,
    excerpt = with_opening(text, message or "", text:excerpt(where)),
  }
end

--- The nearest frame of the playbook, from the function that raised on.
local function frame(reading)
  local level = 3
  while true do
    local info = debug.getinfo(level, "Sl")
    if not info then return nil end
    if reading:source_of(info) then
      return { file = info.source:sub(2), line = info.currentline }, info.short_src
    end
    level = level + 1
  end
end

--- The source whose messages begin as this one does, its line, and the rest.
local function split(reading, raised)
  local short, line, message = raised:match "^(.-):(%d+): (.*)$"
  for path, text in pairs(reading.sources) do
    if short == text.short or short == path then
      return { file = path, line = math.tointeger(tonumber(line)) }, message
    end
  end
  return nil, raised
end

--- What Lua names in "attempt to index a nil value (local 'x')".
local function named(message)
  return message:match "%(%a+ '([%a_][%w_]*)'%)"
end

local function of_text(reading, raised)
  local where, message = split(reading, raised)
  where = where or frame(reading)
  local text = where and reading.sources[where.file]
  if text then where = text:word(where.line, named(message)) end
  return err.new {
    code = "playbook.error",
    message = message,
    where = where,
    excerpt = text and text:surroundings(where),
    traceback = debug.traceback("", 1),
  }
end

local function describe(raised)
  if type(raised) == "string" then
    return raised
  elseif raised == nil then
    return "error(nil) was called"
  end
  local meta = type(raised) == "table" and getmetatable(raised)
  if type(meta) == "table" and meta.__tostring then return tostring(raised) end
  return ("error(…) was called with a %s"):format(type(raised))
end

--- The message handler of a playbook. Runs where the error was raised; must not wait.
---@param reading perilune.playbook.Session
---@param raised any
---@return any e
function failure.handler(reading, raised)
  if session.is_final(raised) then
    return raised
  elseif reading.is_resolving then
    reading.failed_outside = err.wrap(raised)
    return reading.failed_outside
  elseif not err.is(raised) then
    return of_text(reading, describe(raised))
  end
  local where = raised.where or frame(reading)
  local text = where and reading.sources[where.file]
  raised.where, raised.excerpt = where, raised.excerpt or text and text:surroundings(where)
  return raised
end

return failure
