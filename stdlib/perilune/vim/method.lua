--- Calling the API: encode, POST, decode, with the session renewed when the server forgot it.
---
--- A write is sent once. A fault NotAuthenticated proves that it was not carried out, so it is sent again
--- after one renewal; a lost connection proves that only if nothing was sent, and a refusal by what stands
--- before the server if it is one (retry.lua).
local err = require "perilune.err"
local fault = require "perilune.vim.fault"
local handle = require "perilune.c.object"
local retry = require "perilune.vim.retry"
local schema = require "perilune.c.schema"
local service = require "perilune.vim.service"
local wire = require "perilune.vim.wire"

local method = {}

--- Methods that change nothing, by how their names begin. Tasks are never among them.
local READING = {
  "Retrieve", "Query", "Find", "Fetch", "Get", "get", "List", "Has", "Check", "Validate", "Estimate",
  "WaitForUpdates",
}
--- Ends of the task that waits, not of the request.
local STOPPED = { ["task.cancelled"] = true, ["task.interrupted"] = true, ["task.timeout"] = true }

local READS = { CurrentTime = true, SessionIsActive = true }

---@param name string
---@return boolean  whether calling the method twice is calling it once
function method.is_read(name)
  if name:find "_Task$" then
    return false
  end
  local word = service.bare(name)
  for _, stem in ipairs(READING) do
    if word:find("^" .. stem) then
      return true
    end
  end
  return READS[name] or false
end

--- The description of a managed type's method. Raises soap.method with the nearest name.
---@param type_name string
---@param name string
---@return table
function method.describe(type_name, name)
  local description, nearest = nil, nil
  if schema.is_a(type_name, "ManagedObjectReference") then
    description, nearest = schema.method(type_name, name)
  end
  if description then
    return description
  end
  local hint = nearest and ('did you mean "%s"?'):format(nearest)
  if schema.is_a(type_name, "ManagedObjectReference") and schema.property(type_name, name) then
    hint = ("%s is a property: read it with object:get %q"):format(name, name)
  end
  hint = hint or ("a server that is newer than this schema is called by vim.unchecked(object):%s{…}"):format(name)
  err.raise {
    code = "soap.method",
    message = ("%s has no method %s"):format(type_name, name),
    hint = hint,
  }
end

--- Whether the schema lacks a method, so that nothing is known of what it returns.
local function is_unknown(type_name, name)
  return not (schema.is_a(type_name, "ManagedObjectReference") and schema.method(type_name, name))
end

local function new_call(connection, this, name, args, options)
  options = options or {}
  return {
    name = name,
    this = this,
    args = args,
    body = options.body,
    is_read = method.is_read(name) and not options.once,
    once = options.once,
    operation = options.operation or connection:operation(),
    rows = options.rows,
    stall = options.stall,
    is_urgent = options.urgent,
    service = service.of(connection, handle.type(this)),
    is_unchecked = options.unchecked,
    is_unknown = options.unchecked and is_unknown(handle.type(this), name),
  }
end

--- What a write of which nothing is known any more ends with.
local function unknown(e)
  return err.new { code = "http.unknown", message = e.message, detail = e.detail, cause = e }
end

--- Says in an error of the transport which call it struck.
local function annotate(e, call)
  if err.is(e) and e.code:find "^http%." and not e.method then
    e.method, e.object, e.operation = call.name, call.this, call.operation
    if e.code == "http.unknown" then
      e.message = ("the outcome of %s on %s is unknown: %s"):format(call.name, tostring(call.this), e.message)
      e.hint = e.hint or "look at the object before trying again: the server may have carried it out"
    end
  end
  return e
end

local function raise_fault(connection, refused, call)
  local place = { method = call.name, object = call.this, operation = call.operation }
  local e = fault.error(refused.fault, refused.message, place)
  if fault.is(e.fault, "NotAuthenticated") then
    e.code = "vim.session"
  elseif fault.is(e.fault, "ManagedObjectNotFound") and e.fault.obj then
    connection.lookup:forget(e.fault.obj)
  end
  error(e, 0)
end

--- Reads an answer to its end: the value, or nil and the fault.
local function whole(reply)
  local closing <close> = reply -- luacheck: ignore 211
  local kind, value = reply:finish()
  if kind == "fault" then
    return nil, value
  elseif reply.is_unknown and #value < 2 then
    return value[1]
  end
  return value
end

--- Leaves an answer to be read by the caller, unless it is a fault.
local function opened(reply)
  if reply.status == 200 then
    return reply
  end
  return whole(reply)
end

--- The session to use. A login that is lost on the way says nothing about the call, which waits for it.
local function log_in(session)
  local ok, cookie, generation = xpcall(session.ready, err.wrap, session)
  if not ok then
    error(retry.unsent(cookie), 0)
  end
  return cookie, generation
end

--- Sends a call. A write is unknown from then on, but for an answer that refuses it.
local function send(connection, call, cookie)
  local ok, reply, new_cookie = xpcall(wire.send, err.wrap, connection, call, cookie)
  if ok then
    return reply, new_cookie
  elseif not call.is_read and retry.leaves_open(reply) then
    reply = unknown(reply)
  end
  error(reply, 0)
end

--- What `take` makes of an answer; one to a write that is no answer leaves open whether it was carried out.
local function take_answer(call, take, reply)
  local ok, value, refused = xpcall(take, err.wrap, reply)
  if ok then
    return value, refused
  elseif not call.is_read and not STOPPED[value.code] and value.code ~= "http.unknown" then
    value = unknown(value)
  end
  error(value, 0)
end

--- Sends the call with the present session: what `take` makes of the answer; or nil, the fault, and the
--- number of the login it met.
local function attempt(connection, call, take)
  local session = connection.session
  local cookie, generation = log_in(session)
  local reply, new_cookie = send(connection, call, cookie)
  if new_cookie then
    session:replace(new_cookie, generation)
  end
  local value, refused = take_answer(call, take, reply)
  return value, refused, generation
end

local function run(connection, call, take)
  for try = 1, 2 do
    local value, refused, generation = connection.retrying:run(call.is_read, attempt, connection, call, take)
    if not refused then
      return value
    elseif try == 2 or call.once or not fault.is(refused.fault, "NotAuthenticated") then
      raise_fault(connection, refused, call)
    end
    connection.session:forget(generation)
  end
end

local function run_annotated(connection, call, take)
  local ok, value = xpcall(run, err.wrap, connection, call, take)
  if not ok then
    error(annotate(value, call), 0)
  end
  return value
end

--- Calls a method and waits for its answer.
---@param connection perilune.vim.Connection
---@param this userdata
---@param name string
---@param args table?
---@param options { operation: string?, stall: number|false|nil, once: boolean?, urgent: boolean? }?  once: whatever
---  happens, it is not sent again, as what the server keeps for it is used up or gone; urgent: before the calls that
---  wait for a connection already
---@return any  the decoded result; nil for none. Raises vim.fault, http.*, soap.*
function method.call(connection, this, name, args, options)
  return run_annotated(connection, new_call(connection, this, name, args, options), whole)
end

--- Calls a method whose answer is read row by row; the caller closes the reply.
---@return perilune.vim.Reply
function method.open(connection, this, name, args, options)
  return run_annotated(connection, new_call(connection, this, name, args, options), opened)
end

--- Calls a method without a session, once: what comes before a login, and the login itself.
---@param options { cookie: string?, stall: number?, body: string? }  body: the whole request, made by the caller
---@return any value
---@return table? refused  the fault
---@return string? cookie  that the server set, or the one before
function method.bare(connection, this, name, args, options)
  local reply, cookie = wire.send(connection, new_call(connection, this, name, args, options), options.cookie)
  local value, refused = whole(reply)
  return value, refused, cookie or options.cookie
end

return method
