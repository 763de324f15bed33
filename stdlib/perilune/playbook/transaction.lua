--- `transaction("name", function() … end)`: what is declared inside belongs together.
local transaction = {}

local function misuse(reading, where, name, message, hint)
  reading:report {
    code = "playbook.error", hint = hint, message = message,
    where = reading:at_call(where, "transaction", type(name) == "string" and name or nil),
  }
end

local function close(reading)
  return setmetatable({}, { __close = function() reading.transaction = nil end })
end

--- The word `transaction`; it returns what the function returns.
---@param reading perilune.playbook.Session
---@return fun(name: string, body: fun(): ...): ...
function transaction.word(reading)
  return function(name, body)
    local where = reading:here()
    if type(name) ~= "string" or name == "" or type(body) ~= "function" then
      misuse(reading, where, name, "a transaction needs a name and a function",
        'write transaction("name", function() … end)')
      reading:stop()
    end
    local outer = reading.transaction
    if outer then
      local message = ('transaction "%s" is inside transaction "%s" (%s:%d)')
        :format(name, outer.name, outer.where.file, outer.where.line)
      misuse(reading, where, name, message, "end the outer one first, or use that alone")
      return body()
    end
    reading.transaction = { name = name, where = where }
    local _ <close> = close(reading)
    return body()
  end
end

return transaction
