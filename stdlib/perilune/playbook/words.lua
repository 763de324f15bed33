--- The words of a playbook that are no kinds: playbook, defaults, transaction, each, output, log, print.
local deferred = require "perilune.schema.deferred"
local err = require "perilune.err"
local transaction = require "perilune.playbook.transaction"
local var = require "perilune.playbook.var"

local words = {}

local function misuse(reading, where, word, message, hint)
  reading:report { code = "argument", where = reading:at_call(where, word), message = message, hint = hint }
end

local function is_owner(owner)
  if type(owner) ~= "string" then return false end
  for part in (owner .. "/"):gmatch "(.-)/" do
    if not part:find "^%w[%w._-]*$" then return false end
  end
  return true
end

local function playbook(reading)
  return function(owner)
    local where, first = reading:here(), reading.owner_where
    if not is_owner(owner) then
      misuse(reading, where, "playbook", "playbook needs the name of an owner", 'write playbook "team/name"')
    elseif first then
      local message = ("the owner was named already, at %s:%d"):format(first.file, first.line)
      misuse(reading, where, "playbook", message, "a file has one owner")
    else
      reading.owner, reading.owner_where = owner, where
    end
  end
end

local function fields_of_kinds(reading)
  local names = {}
  for _, kind in pairs(reading.kinds) do
    for name in pairs(kind.fields and kind.fields.fields or {}) do
      names[name] = true
    end
  end
  return names
end

local function set_default(reading, where, known, key, value)
  if known[key] then
    reading.defaults[key] = { value = value, where = where }
    return
  end
  local text = reading.sources[where.file]
  local place = text and text:field({ line = where.line, word = "defaults" }, tostring(key), "key") or where
  reading:report {
    code = "playbook.field", where = place,
    message = ('defaults: no kind has a field "%s"'):format(tostring(key)),
    hint = type(key) == "string" and err.suggest(key, known) or nil,
  }
end

local function defaults(reading)
  return function(fields)
    local where = reading:here()
    if type(fields) ~= "table" or deferred.is(fields) then
      return misuse(reading, where, "defaults", "defaults needs a table of fields", "write defaults { … }")
    end
    local known = fields_of_kinds(reading)
    for key, value in pairs(fields) do
      set_default(reading, where, known, key, value)
    end
  end
end

local function with_host(fields, host)
  local element = {}
  for key, value in pairs(fields) do
    element[key] = value
  end
  element.host = host
  return element
end

local function each(reading)
  return function(list, what)
    list = deferred.plain(list)
    local is_table = type(what) == "table"
    if type(list) ~= "table" or not is_table and type(what) ~= "function" then
      misuse(reading, reading:here(), "each", "each needs a list, and a table or a function",
        "write each(hosts, { … }) or each(hosts, function(host) … end)")
      return {}
    end
    local made = {}
    for i, element in ipairs(list) do
      if is_table then
        made[i] = with_host(what, element)
      else
        made[#made + 1] = what(element, i)
      end
    end
    return made
  end
end

local function output(reading)
  return function(name, value)
    local where = reading:here()
    if type(name) ~= "string" or name == "" then
      misuse(reading, where, "output", "output needs a name and a value", 'write output("name", value)')
    elseif reading.outputs[name] ~= nil then
      misuse(reading, where, "output", ('output "%s" is given twice'):format(name))
    else
      reading.outputs[name] = value
      table.insert(reading.output_names, name)
    end
  end
end

--- A value as text; a deferred one is asked for, which may wait.
---@param value any
---@return string
function words.tostring(value)
  if deferred.is(value) then deferred.plain(value) end
  return tostring(value)
end

local function write(reading, text)
  local out = reading.options.write
  if out then return out(text .. "\n") end
  io.stderr:write(text, "\n")
end

local function print_word(reading)
  return function(...)
    local texts = table.pack(...)
    for i = 1, texts.n do
      texts[i] = words.tostring(texts[i])
    end
    write(reading, table.concat(texts, "\t"))
  end
end

local function sorted_names(fields)
  local names = {}
  for name in pairs(fields) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  return names
end

local function log_at(reading, level)
  return function(message, fields)
    local parts = { level .. ": " .. words.tostring(message) }
    for _, name in ipairs(type(fields) == "table" and sorted_names(fields) or {}) do
      parts[#parts + 1] = name .. "=" .. words.tostring(fields[name])
    end
    write(reading, table.concat(parts, "  "))
  end
end

local function vcenter(reading)
  return function()
    reading:fail {
      code = "playbook.effect",
      where = reading:at_call(reading:here(), "vcenter"),
      message = "vcenter() is not there in a playbook: declaring changes nothing",
      hint = "put what calls the API in a script of its own, for `perilune run`",
    }
  end
end

--- The words by name.
---@param reading perilune.playbook.Session
---@return table<string, any>
function words.of(reading)
  return {
    playbook = playbook(reading),
    var = var.word(reading),
    defaults = defaults(reading),
    transaction = transaction.word(reading),
    each = each(reading),
    output = output(reading),
    print = print_word(reading),
    log = { info = log_at(reading, "info"), warn = log_at(reading, "warn") },
    vcenter = vcenter(reading),
  }
end

return words
