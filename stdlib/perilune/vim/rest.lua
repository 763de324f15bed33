--- The REST services of a vCenter: a login of their own at first use, with what SOAP logged in with.
---
--- There are two forms of them: bare JSON under /api, since vCenter 7, and `{"value": …}` under /rest before. Callers
--- name the service and say nothing of the form; the first login finds out which it is, by a 404.
---
--- A 401 proves that nothing was done: the login is renewed once for all tasks and the call sent again. Other refusals
--- become vim.rest with the server's messages.
local err = require "perilune.err"
local json = require "perilune.c.json"
local login = require "perilune.vim.login"
local percent = require "perilune.util.percent"
local retry = require "perilune.vim.retry"
local session = require "perilune.vim.session"
local wire = require "perilune.vim.wire"

---@class perilune.vim.RestForm
---@field base string
---@field id string  before an id in the path
---@field action string  name of the parameter for actions
---@field session string  path of the login
---@field is_bare boolean  no wrapping of what is sent and answered

---@type table<string, perilune.vim.RestForm>
local FORMS = {
  api = { base = "/api/", id = "/", action = "action", session = "/api/session", is_bare = true },
  rest = {
    base = "/rest/com/vmware/",
    id = "/id:",
    action = "~action",
    session = "/rest/com/vmware/cis/session",
    is_bare = false,
  },
}

local rest = {}

---@class perilune.vim.RestCall
---@field verb string  "GET", "POST", "PATCH", "DELETE"
---@field service string  "cis/tagging/tag"
---@field id string?  that the call is about
---@field id_field string?  where, in the bare form, it stands in the body
---@field action string?  "list-tags-for-category"
---@field query table<string, string>?
---@field body table?
---@field wrap string?  the field that the body is in the /rest form
---@field form "rest"|nil  for what only this form has
---@field is_read boolean?  GET always is

local function form_of(connection, call)
  return FORMS[call.form or connection.rest_form or "rest"]
end

local function is_id_in_path(form, call)
  return call.id and not (form.is_bare and call.id_field)
end

--- The path of a call, and its query.
local function path_of(form, call)
  local path = form.base .. call.service
  if is_id_in_path(form, call) then
    path = path .. form.id .. (form.is_bare and percent.encode(call.id) or call.id)
  end
  local query = {}
  if call.action then
    query[1] = form.action .. "=" .. call.action
  end
  for name, value in pairs(call.query or {}) do
    query[#query + 1] = name .. "=" .. percent.encode(value)
  end
  return #query > 0 and path .. "?" .. table.concat(query, "&") or path
end

local function url_of(connection, call)
  return connection.target.origin .. path_of(form_of(connection, call), call)
end

--- What is sent, as JSON; nil for nothing.
local function body_of(form, call)
  local body = call.body
  if form.is_bare and call.id_field then
    body = { [call.id_field] = call.id }
  elseif not form.is_bare and call.wrap then
    body = { [call.wrap] = body }
  end
  return body and json.encode(body)
end

local function headers(connection, token, body)
  return {
    ["Accept"] = "application/json",
    ["Content-Type"] = body and "application/json" or nil,
    ["X-Request-ID"] = connection:operation(),
    ["vmware-api-session-id"] = token,
  }
end

local function send(connection, call, token)
  local body = body_of(form_of(connection, call), call)
  return connection:request("rest", {
    url = url_of(connection, call),
    method = call.verb,
    headers = headers(connection, token, body),
    body = body or (call.verb == "POST" and "" or nil),
    idempotent = call.is_read or call.verb == "GET",
  })
end

--- The messages of an error: under `messages` or `value.messages`, each with a default_message.
local function messages_of(value)
  local holder = type(value) == "table" and (value.messages and value or value.value)
  local list = {}
  for _, message in ipairs(type(holder) == "table" and holder.messages or {}) do
    list[#list + 1] = message.default_message or message.id
  end
  return #list > 0 and table.concat(list, " ") or nil
end

local function decoded(body)
  local ok, value = pcall(json.decode, body)
  return ok and value or nil
end

local function is_read(call)
  return call.is_read or call.verb == "GET"
end

--- An answer that is not the service's, as an error.
local function unforeseen(call, response, connection)
  local e = wire.status_error(response, ("%s %s"):format(call.verb, url_of(connection, call)))
  e.code = not is_read(call) and retry.leaves_open(e) and "http.unknown" or e.code
  return e
end

--- A refusal as an error. Without the JSON of one, it was not the service that answered.
local function refusal(call, response, connection)
  local status = response.status
  if status < 400 or status > 500 or status == 429 then
    return unforeseen(call, response, connection)
  end
  local value = decoded(response:text())
  if status == 500 and type(value) ~= "table" then
    return unforeseen(call, response, connection)
  end
  local kind = type(value) == "table" and (value.type or value.error_type)
  local word = tostring(kind or ""):match "([%w_]+)$"
  word = word and word:lower() or response.status == 404 and "not_found" or nil
  local what = word and word:gsub("_", " ") or "status " .. response.status
  return err.new {
    code = "vim.rest",
    message = ("%s %s: %s"):format(call.verb, call.service:gsub("^cis/", ""), what),
    kind = word,
    status = response.status,
    server = messages_of(value),
  }
end

local function value_of(response, form)
  local body = response:text()
  if body == "" then
    return nil
  end
  local ok, value = pcall(json.decode, body)
  if not ok then
    err.raise { code = "http.protocol", message = "the REST service does not answer with JSON", cause = value }
  end
  local inner = value
  if not form.is_bare and type(value) == "table" and value.value ~= nil then
    inner = value.value
  end
  if inner == json.null then
    return nil
  end
  return inner
end

--- The value of an answer. A write that was answered with anything else may have been carried out.
local function taken(connection, call, response)
  local ok, value = xpcall(value_of, err.wrap, response, form_of(connection, call))
  if ok then
    return value
  elseif not is_read(call) and value.code == "http.protocol" then
    value = err.new { code = "http.unknown", message = value.message, cause = value }
  end
  error(value, 0)
end

--- The login to use. One that is lost on the way says nothing about the call, which waits for it.
local function log_in_first(connection)
  local rest_session = connection.rest_session
  local ok, token, generation = xpcall(rest_session.ready, err.wrap, rest_session)
  if not ok then
    error(retry.unsent(token), 0)
  end
  return token, generation
end

--- One attempt with the present login: true and the value, or false and the number of the login it met.
local function attempt(connection, call)
  local token, generation = log_in_first(connection)
  local response <close> = send(connection, call, token)
  if response.status == 401 then
    return false, generation
  elseif response.status >= 200 and response.status < 300 then
    return true, taken(connection, call, response)
  end
  error(refusal(call, response, connection), 0)
end

--- Calls a service and waits for its answer.
---@param connection perilune.vim.Connection
---@param call perilune.vim.RestCall
---@return any  what the answer's `value` holds; nil for none or null. Raises vim.rest, http.*
function rest.call(connection, call)
  for _ = 1, 2 do
    local done, value = connection.retrying:run(is_read(call), attempt, connection, call)
    if done then
      return value
    end
    connection.rest_session:forget(value)
  end
  err.raise { code = "vim.session", message = "the REST service ended its session again and again" }
end

-- The login -----------------------------------------------------------------------------------------------

--- Asks for a session. Raises vim.login when it is refused; nil where the server does not have this form.
local function post(connection, form, authorization)
  local response <close> = connection:request("rest", {
    url = connection.target.origin .. form.session,
    method = "POST",
    headers = {
      ["Authorization"] = authorization,
      ["X-Request-ID"] = connection:operation(),
    },
    body = "",
  })
  if response.status == 401 then
    login.refuse_rest(connection.target)
  elseif response.status == 404 and form.is_bare then
    return nil
  elseif response.status ~= 200 and response.status ~= 201 then
    error(wire.status_error(response, ("POST %s%s"):format(connection.target.origin, form.session)), 0)
  end
  return value_of(response, form)
end

--- Logs in at the newer form, if the server has it, and else at the older one.
local function find_form(connection, way)
  for _, name in ipairs { connection.rest_form or "api", "rest" } do
    local form = FORMS[name]
    local token = post(connection, form, way.authorization(connection, {
      target = connection.target,
      method = "POST",
      path = form.session,
      body = "",
    }))
    if token then
      connection.rest_form = name
      return token
    end
  end
end

local function log_in(connection)
  local way = login.way(connection.target)
  if way.rest_session and connection.rest_session.logins == 0 then
    return way.rest_session(connection)
  end
  return find_form(connection, way)
end

--- The calls about the session itself, which the forms have at different places.
local function of_session(connection, verb, action)
  local is_bare = form_of(connection, {}).is_bare
  return { verb = verb, service = is_bare and "session" or "cis/session", action = not is_bare and action or nil }
end

local function log_out(connection, token)
  if login.way(connection.target).is_borrowed then
    return
  end
  local response <close> = send(connection, of_session(connection, "DELETE"), token)
  response:text()
end

--- The session of a connection; it logs in when it is first used.
---@param connection perilune.vim.Connection
---@return perilune.vim.Session
function rest.session(connection)
  return session.new(function() return log_in(connection) end, function(token) log_out(connection, token) end,
    connection.account)
end

--- Uses the session, if there is one, so that the server does not forget it.
---@param connection perilune.vim.Connection
function rest.keep_alive(connection)
  if connection.rest_session:is_open() then
    local is_bare = form_of(connection, {}).is_bare
    local call = of_session(connection, is_bare and "GET" or "POST", "get")
    call.is_read = true
    rest.call(connection, call)
  end
end

return rest
