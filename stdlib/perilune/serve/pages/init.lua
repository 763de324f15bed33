--- The pages: who is signed in, what he may see and do, and the events that keep a page up to date.
local assets = require "perilune.serve.pages.assets"
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local events = require "perilune.serve.event"
local password = require "perilune.serve.pages.password"
local sessions = require "perilune.serve.pages.session"
local task = require "perilune.c.task"
local views = require "perilune.serve.pages.views"

---@class perilune.serve.Pages
---@field private server perilune.serve.Server
---@field private sessions perilune.serve.Sessions
local Pages = {}
Pages.__index = Pages

local pages = {}

local LIMIT, LOG_LINES, BODY_SHOWN = 100, 2000, 65536
local HEARTBEAT = 20 -- seconds

-- Nothing but our own files is loaded, nothing inline is run, nobody frames us.
local POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "
  .. "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

local ALL_ROLES = { view = true, run = true, approve = true }

---@param server perilune.serve.Server
---@return perilune.serve.Pages
function pages.new(server)
  return setmetatable({ server = server, sessions = sessions.new(server.config.pages) }, Pages)
end

local function headers(more)
  local all = {
    ["Content-Type"] = "text/html; charset=utf-8", ["Content-Security-Policy"] = POLICY, ["Cache-Control"] = "no-store",
    ["X-Content-Type-Options"] = "nosniff", ["Referrer-Policy"] = "same-origin", ["X-Frame-Options"] = "DENY",
    ["Cross-Origin-Opener-Policy"] = "same-origin",
  }
  for name, value in pairs(more or {}) do all[name] = value end
  return all
end

local function show(request, text, status)
  request:respond(status or 200, headers(), text)
end

local function redirect(request, place, more)
  more = more or {}
  more.Location = place
  request:respond(303, headers(more), "")
end

-- A cookie of this name can only have been set by this host, over TLS.
local function cookie_name(request)
  return request.is_tls and "__Host-perilune" or "perilune"
end

local function token_of(request)
  local wanted = cookie_name(request)
  for name, value in (request:header "cookie" or ""):gmatch "([^=;%s]+)=([^;%s]*)" do
    if name == wanted then return value end
  end
end

local function set_cookie(request, value, age)
  return { ["Set-Cookie"] = ("%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s"):format(cookie_name(request),
    value, age, request.is_tls and "; Secure" or "") }
end

local function roles_of(user)
  local roles = { view = true }
  for _, role in ipairs(user.roles or {}) do roles[role] = true end
  return roles
end

--- Names of this machine: another site can give itself our address, but not these.
local LOCAL = { ["127.0.0.1"] = true, ["localhost"] = true, ["[::1]"] = true }

local function is_local(request)
  local host = (request:header "host" or ""):lower()
  return LOCAL[host] or LOCAL[host:match "^(.*):%d+$"] or false
end

--- Who looks; nil when he has to sign in.
function Pages:viewer(request)
  local settings = self.server.config.pages
  if settings.sign_in == false then
    return is_local(request) and { roles = ALL_ROLES, form = self:open_form() } or nil
  end
  local session = self.sessions:find(token_of(request))
  local user = session and settings.users[session.user]
  return user and { user = session.user, form = session.form, roles = roles_of(user) } or nil
end

-- Without sign-in the forms still carry what only our own pages know.
function Pages:open_form()
  if not self.form then
    self.form = self.sessions.all[digest.sha256(self.sessions:open "")].form
  end
  return self.form
end

--- Whether a form comes from a page of ours.
local function is_ours(request, form, viewer)
  local site, origin = request:header "sec-fetch-site", request:header "origin"
  if site and site ~= "same-origin" then return false end
  if origin and origin:gsub("^https?://", "") ~= request:header "host" then return false end
  return not viewer or form.form == viewer.form
end

local function sign_in(self, request)
  local form = events.form(request.body)
  if not is_ours(request, form) then return show(request, views.sign_in "That form came from elsewhere.", 403) end
  if not self.sessions:may_try(request.peer) then
    return show(request, views.sign_in "Too many wrong passwords. Try again in five minutes.", 429)
  end
  local name = form.user or ""
  local user = self.server.config.pages.users[name]
  if not password.verify(form.password or "", user and user.password) then
    self.sessions:was_wrong(request.peer)
    self.server.log:warn("sign-in refused", { user = name, peer = request.peer })
    return show(request, views.sign_in "Wrong user or password.", 403)
  end
  local token = self.sessions:open(name)
  if not token then return show(request, views.sign_in "Too many people are signed in.", 503) end
  self.server.log:info("signed in", { user = name, peer = request.peer })
  redirect(request, "/", set_cookie(request, token, self.sessions.lasts // 1 | 0))
end

local function sign_out(self, request)
  self.sessions:close(token_of(request))
  redirect(request, "/sign-in", set_cookie(request, "", 0))
end

local STATES = { queued = true, held = true, running = true, done = true, failed = true, dead = true, cancelled = true,
  superseded = true, ignored = true }

local function list_runs(self, request, viewer)
  local query = events.form(request.query or "")
  local filter = { state = STATES[query.state] and query.state or nil, before = math.tointeger(tonumber(query.before)) }
  local store = self.server.store
  local runs = store:runs { state = filter.state, before = filter.before, limit = LIMIT }
  show(request, views.runs(viewer, { runs = runs, counts = store:counts(), filter = filter, limit = LIMIT }))
end

local function list_targets(self, request, viewer)
  show(request, views.targets(viewer, self.server.breakers:list()))
end

local function missing(request, viewer)
  show(request, views.message(viewer, "Not found", "There is nothing here."), 404)
end

local function show_run(self, request, viewer, id)
  local run = self.server.store:run(id)
  if not run then return missing(request, viewer) end
  local delivery = self.server.store:delivery(id)
  show(request, views.run(viewer, {
    run = run, delivery = delivery, log = self.server.store:log_of(id, { limit = LOG_LINES }),
    body = delivery and delivery.body:sub(1, BODY_SHOWN),
  }))
end

--- What can be done to a run, and the role it takes.
local ACTIONS = {
  approve = { role = "approve", fn = function(server, id, who, now) server.store:approve(id, who, now) end },
  reject = { role = "approve", fn = function(server, id, who, now) server.store:reject(id, who, now) end },
  replay = { role = "run", fn = function(server, id, who, now) return server.store:replay(id, who, now) end },
  cancel = { role = "run", fn = function(server, id, who)
    if server.store:cancel(id, who) == "running" then server.dispatch:cancel(id, who) end
  end },
}

local function act(self, request, viewer, id, name)
  local action, form = ACTIONS[name], events.form(request.body)
  if not viewer.roles[action.role] or not is_ours(request, form, viewer) then
    return show(request, views.message(viewer, "Not allowed", "You may not do that."), 403)
  end
  local who = viewer.user or "somebody on this machine"
  local ok, result = xpcall(action.fn, err.wrap, self.server, id, who, math.floor(task.wall() * 1000000))
  if not ok then return show(request, views.message(viewer, "That did not work", result.message), 409) end
  self.server.log:info("run: " .. name, { run = id, user = who })
  self.server.dispatch:poke()
  self.server:changed(id, name)
  redirect(request, "/runs/" .. (result or id))
end

-- Sends a line for each change until the browser has gone.
local function stream_events(self, request)
  local only = math.tointeger(tonumber(events.form(request.query or "").run))
  local reader, latest = task.current(), nil
  local _ <close> = self.server:watch(function(run)
    if only and run ~= only then return end
    latest = run
    reader:wake()
  end)
  local stream <close> = request:stream(200, headers { ["Content-Type"] = "text/event-stream" })
  stream:write ": hello\n\n"
  while not self.server.is_ending do
    task.park(HEARTBEAT)
    local run
    run, latest = latest, nil
    stream:write(run and ("event: change\ndata: %d\n\n"):format(run) or ": still here\n\n")
  end
end

local function asset(request, name)
  local found = assets[name]
  if not found then return missing(request) end
  request:respond(200, headers { ["Content-Type"] = found.type, ["Cache-Control"] = "max-age=3600" }, found.text)
end

local OPEN = {
  ["GET /sign-in"] = function(_, request) show(request, views.sign_in()) end,
  ["POST /sign-in"] = sign_in,
  ["POST /sign-out"] = sign_out,
}

local SIGNED_IN = { ["/"] = list_runs, ["/targets"] = list_targets, ["/events"] = stream_events }

local function signed_in(self, request, viewer)
  local exact = request.method == "GET" and SIGNED_IN[request.path]
  if exact then return exact(self, request, viewer) end
  local id, name = request.path:match "^/runs/(%d+)/?(%l*)$"
  id = math.tointeger(tonumber(id))
  if id and name == "" and request.method == "GET" then return show_run(self, request, viewer, id) end
  if id and ACTIONS[name] and request.method == "POST" then return act(self, request, viewer, id, name) end
  missing(request, viewer)
end

--- Answers a request.
---@param request userdata
function Pages:route(request)
  local open = OPEN[request.method .. " " .. request.path]
  if open then return open(self, request) end
  local name = request.path:match "^/assets/([%w.-]+)$"
  if name and request.method == "GET" then return asset(request, name) end
  local viewer = self:viewer(request)
  if not viewer and self.server.config.pages.sign_in == false then
    return show(request, views.message(nil, "Not here", "These pages are for this machine, by its own names."), 403)
  elseif not viewer then
    return redirect(request, "/sign-in")
  end
  signed_in(self, request, viewer)
end

return pages
