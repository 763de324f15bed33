--- Which part of the server answers a request.
local intake = require "perilune.serve.intake"

local router = {}

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

local function method_only(request, method)
  if request.method == method or method == "GET" and request.method == "HEAD" then return true end
  intake.answer(request, 405, { error = "use " .. method }, { Allow = method })
  return false
end

-- A hook that is not there is answered as one that does not believe the sender: names are nobody's business.
local function deliver(server, request, name)
  if not method_only(request, "POST") then return end
  local hook = server.config.hooks[unescape(name)]
  if hook then return server.intake:deliver(request, hook) end
  server.count("", 401)
  intake.answer(request, 401, { error = "not authorized" })
end

local function alive(_, request)
  if method_only(request, "GET") then intake.answer(request, 200, { status = "ok" }) end
end

local function ready(server, request)
  if not method_only(request, "GET") then return end
  local problem = server:not_ready()
  intake.answer(request, problem and 503 or 200, { status = problem or "ready" })
end

local function metrics(server, request)
  if not method_only(request, "GET") then return end
  if not server:may_scrape(request) then return intake.answer(request, 401, { error = "not authorized" }) end
  request:respond(200, { ["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8" }, server:metrics_text())
end

local EXACT = { ["/healthz"] = alive, ["/readyz"] = ready, ["/metrics"] = metrics }

--- Answers one request.
---@param server perilune.serve.Server
---@param request userdata
function router.route(server, request)
  local exact = EXACT[request.path]
  if exact then return exact(server, request) end
  local hook = request.path:match "^/hooks/([^/]+)$"
  if hook then return deliver(server, request, hook) end
  if server.pages then return server.pages:route(request) end
  intake.answer(request, 404, { error = "there is nothing here" })
end

return router
