--- What a delivery says, for the functions of hooks.lua: `event.type`, `event.body`, `event.headers`, …
local err = require "perilune.err"
local json = require "perilune.c.json"

local event = {}

---@class perilune.serve.Event
---@field type string|nil  as the sender calls it: "push", "deployment"
---@field id string|nil  of the delivery, where the sender gives one
---@field hook string
---@field who string  whom the signature or the password belongs to
---@field body any  the document that was sent; texts of a form by name; else the text itself
---@field headers table<string, string>  by lower-case name
---@field peer string  address of the sender
---@field at number  seconds since 1970

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- The fields of a form, or of a query.
---@param text string
---@return table<string, string>
function event.form(text)
  local fields = {}
  for pair in text:gmatch "[^&]+" do
    local name, value = pair:match "^([^=]*)=?(.*)$"
    fields[unescape(name)] = unescape(value)
  end
  return fields
end

local function document(text)
  local ok, value = pcall(json.decode, text)
  if ok then return value end
  err.raise { code = "serve.body", where = false, message = "the body is no JSON: " .. value.message }
end

--- The body as a value. Some senders put their JSON into the field `payload` of a form.
---@param content_type string?
---@param text string
---@return any
function event.body(content_type, text)
  local kind = (content_type or ""):lower():match "^%s*([^;%s]*)"
  if kind == "application/x-www-form-urlencoded" then
    local fields = event.form(text)
    return fields.payload and fields.payload:find "^%s*[{%[]" and document(fields.payload) or fields
  elseif kind == "application/json" or kind:find "%+json$" or kind == "" and text:find "^%s*[{%[]" then
    return document(text)
  end
  return text
end

--- The headers that are kept with a delivery: none that says who may call.
local PRIVATE = { authorization = true, cookie = true, ["proxy-authorization"] = true, ["x-gitlab-token"] = true }

---@param request table
---@return table<string, string>
function event.headers(request)
  local headers = {}
  for _, header in ipairs(request:headers()) do
    local name = header[1]:lower()
    if not PRIVATE[name] then
      headers[name] = headers[name] and headers[name] .. ", " .. header[2] or header[2]
    end
  end
  return headers
end

--- The event of a delivery that is kept: the same for the server and for the process of its run.
--- Raises `serve.body` where the body is not what its type says.
---@param delivery table  as the store keeps it
---@return perilune.serve.Event
function event.of(delivery)
  return {
    type = delivery.event, id = delivery.delivery_id, hook = delivery.hook, who = delivery.who,
    body = event.body(delivery.headers["content-type"], delivery.body),
    headers = delivery.headers, peer = delivery.peer, at = delivery.at / 1000000,
  }
end

return event
