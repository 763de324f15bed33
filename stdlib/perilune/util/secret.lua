--- Values that cannot be shown: passwords and tokens. They are tables without anything in them;
--- the text is kept apart and only `secret.reveal` gives it back.
local err = require "perilune.err"

local secret = {}

---@class perilune.util.Secret

---@type table<perilune.util.Secret, { value: string, source: string|nil }>
local kept = setmetatable({}, { __mode = "k" })

local function refuse()
  err.raise {
    code = "argument",
    message = "a secret cannot be joined with other text",
    hint = "pass it on as it is, in a field that takes a secret",
  }
end

local meta = {
  __name = "secret",
  __metatable = "secret",
  __tostring = function() return "(secret)" end,
  __concat = refuse,
  __len = refuse,
  __newindex = refuse,
  __eq = function(a, b)
    return kept[a] ~= nil and kept[b] ~= nil and kept[a].value == kept[b].value
  end,
}

--- Wraps a text so that it cannot be printed.
---@param value string
---@param source string|nil  where it came from, for messages: "GOVC_PASSWORD", "-e password"
---@return perilune.util.Secret
function secret.new(value, source)
  local self = setmetatable({}, meta)
  kept[self] = { value = value, source = source }
  return self
end

--- Whether a value is a secret.
---@return boolean
function secret.is(value)
  return value ~= nil and kept[value] ~= nil
end

--- The text itself: for what is sent to a server, never for a person.
---@param value perilune.util.Secret
---@return string
function secret.reveal(value)
  local held = kept[value] or err.raise { code = "argument", message = "no secret: " .. type(value) }
  return held.value
end

--- All secrets that are in use: to take them out of what is printed.
---@return perilune.util.Secret[]
function secret.all()
  local all = {}
  for one in pairs(kept) do all[#all + 1] = one end
  return all
end

--- Where a secret came from.
---@param value perilune.util.Secret
---@return string|nil
function secret.source(value)
  return kept[value] and kept[value].source
end

return secret
