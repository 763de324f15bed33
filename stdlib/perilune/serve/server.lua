--- The server: hooks.lua, its listeners, the queue and the dispatch over it; from start to drained.
local breaker = require "perilune.serve.breaker"
local config = require "perilune.serve.config"
local dispatch = require "perilune.serve.dispatch"
local err = require "perilune.err"
local http = require "perilune.c.serve"
local intake = require "perilune.serve.intake"
local metrics = require "perilune.serve.metrics"
local pages = require "perilune.serve.pages"
local probe = require "perilune.serve.probe"
local process = require "perilune.c.process"
local router = require "perilune.serve.router"
local scope = require "perilune.util.scope"
local service = require "perilune.serve.service"
local store = require "perilune.store"
local task = require "perilune.c.task"
local trace = require "perilune.serve.trace"

---@class perilune.serve.Server
---@field config perilune.serve.Config
---@field store perilune.store.Store
---@field log perilune.serve.Log
---@field intake perilune.serve.Intake
---@field dispatch perilune.serve.Dispatch
---@field breakers perilune.serve.Breakers
---@field metrics perilune.serve.Metrics
---@field pages table?
local Server = {}
Server.__index = Server

local server = {}

local PRUNE_SECONDS = 3600

local function make_parts(self, options)
  self.metrics = metrics.new()
  self.tracer = trace.new(self.config.telemetry, self.log)
  self.count = function(hook, status) self.metrics:delivery(hook, status) end
  self.breakers = breaker.new {
    probe = function(name) probe.ask(name, self.env) end, log = self.log,
    save = function(b)
      self.store:set_breaker(b.target, { state = b.state, since = math.floor(b.since * 1000000), failures = b.failures,
        reason = b.reason })
    end,
    on_change = function() self.dispatch:poke() end,
  }
  self.dispatch = dispatch.new {
    store = self.store, config = function() return self.config end, log = self.log, breakers = self.breakers,
    state_directory = options.state_directory, env = self.env,
    on_change = function(run, what) self:changed(run, what) end, tracer = function() return self.tracer end,
    observe = function(what, ...) self.metrics:observe(what, ...) end,
  }
  self.intake = intake.new {
    store = self.store, log = self.log, count = self.count, tracer = function() return self.tracer end,
    on_queued = function(accepted)
      self.dispatch:poke()
      self:changed(accepted.run, "queued")
    end,
  }
end

-- Two servers over one store would take each other's runs for lost.
local function hold(self, path)
  local is_held, holder = process.hold(path .. ".lock")
  if is_held then return end
  self.store:close()
  err.raise { code = "store.busy", where = false,
    message = ("another perilune serve%s uses %s"):format(holder > 0 and (", process %d,"):format(holder) or "", path),
    hint = "stop that one, or give this one a store of its own with --store" }
end

local function listen_all(self)
  local settings, bound = self.config, {}
  self.tls = settings.tls and http.tls(settings.tls)
  self.http = http.new {
    max_body = settings.limits.body, max_connections = settings.limits.connections,
  }
  local given = self.service:sockets()
  for _, fd in ipairs(given) do bound[#bound + 1] = self.http:listen { fd = fd, tls = self.tls } end
  for _, place in ipairs(#given == 0 and settings.listen or {}) do
    bound[#bound + 1] = self.http:listen { address = place.address, port = place.port, tls = self.tls }
  end
  return bound
end

local LOOPBACK = { ["127.0.0.1"] = true, ["::1"] = true }

-- Pages without sign-in are for this machine alone.
local function check_pages(self, settings)
  for _, place in ipairs(self.bound) do
    if settings and settings.sign_in == false and not LOOPBACK[place.address] then
      err.raise { code = "serve.config", where = false,
        message = ("pages: without sign-in they are only for this machine, and %s is not"):format(place.address),
        hint = "give pages users with passwords, or listen on 127.0.0.1" }
    end
  end
end

-- Who is signed in stays so when the hooks are read again.
local function open_pages(self)
  self.pages = self.config.pages and (self.pages or pages.new(self))
end

--- Opens the store, reads the hooks, and listens; nothing is answered yet.
---@class perilune.serve.ServerOptions
---@field file string
---@field store string  its path
---@field state_directory string
---@field log perilune.serve.Log
---@field env fun(name: string): string?

---@param options perilune.serve.ServerOptions
---@return perilune.serve.Server
function server.open(options)
  local self = setmetatable({ log = options.log, file = options.file, env = options.env, listeners = {},
    service = service.new(options.env) }, Server)
  self.config = config.load(options.file, { env = self.env })
  self.store = store.open(options.store)
  hold(self, options.store)
  make_parts(self, options)
  self.bound = listen_all(self)
  check_pages(self, self.config.pages)
  open_pages(self)
  return self
end

--- Says to who watches that a run changed.
---@param run integer?
---@param what string
function Server:changed(run, what)
  for _, listener in ipairs(self.listeners) do listener(run, what) end
end

--- Has a function told of every change, until what it returns is closed.
---@param listener fun(run: integer?, what: string)
function Server:watch(listener)
  table.insert(self.listeners, listener)
  return setmetatable({}, { __close = function()
    for i, one in ipairs(self.listeners) do
      if one == listener then return table.remove(self.listeners, i) end
    end
  end })
end

--- Why the server should be given nothing now; nil when it may.
---@return string?
function Server:not_ready()
  if self.is_ending then return "draining" end
  local ok, e = xpcall(self.store.counts, err.wrap, self.store)
  return not ok and "the store cannot be used: " .. e.message or nil
end

--- Whether who asks for the metrics may have them: as hooks.lua says, else from this machine.
function Server:may_scrape(request)
  local settings = self.config.metrics
  if settings then return settings.auth:verify(request, task.wall()) ~= nil end
  return LOOPBACK[request.peer] == true
end

function Server:metrics_text()
  return self.metrics:text {
    counts = self.store:counts(), breakers = self.breakers:list(), http = self.http:stats(), now = task.wall(),
    running = self.dispatch.count,
  }
end

local function answer(self, request)
  local ok, e = xpcall(router.route, err.wrap, self, request)
  if ok then return end
  if err.has(e, "task.cancelled") then error(e, 0) end
  if err.has(e, "serve.gone") then return end
  self.log:error("request failed", { path = request.path, error = e.message, code = e.code })
  pcall(request.respond, request, 500, { ["Content-Type"] = "text/plain" }, "internal error\n")
end

local function accept(self)
  for request in function() return self.http:accept() end do scope.spawn(answer, self, request) end
end

local function prune(self)
  while true do
    self.store:prune { older_than = math.floor((task.wall() - self.config.limits.keep_runs) * 1000000) }
    task.sleep(PRUNE_SECONDS)
  end
end

local function addresses(list)
  local words = {}
  for _, place in ipairs(list) do
    table.insert(words, place.address and ("%s:%d"):format(
      place.address:find ":" and "[" .. place.address .. "]" or place.address, place.port))
  end
  return table.concat(words, " ")
end

local function read_again(self)
  local found = config.load(self.file, { env = self.env })
  check_pages(self, found.pages)
  return found
end

--- Reads the hooks again; a file with mistakes changes nothing. Listeners stay as they are.
function Server:reload()
  self.service:notify "RELOADING=1"
  local ok, result = xpcall(read_again, err.wrap, self)
  local tls_ok, problem = true, nil
  if ok and self.tls then tls_ok, problem = xpcall(self.tls.reload, err.wrap, self.tls) end
  if ok and tls_ok then
    if addresses(result.listen) ~= addresses(self.config.listen) then
      self.log:warn("listen is only read at the start: restart the server to change it", {})
    end
    self.config = result
    open_pages(self)
    self.tracer.settings = result.telemetry
    self.log:info("hooks read again", { hooks = #result.hooks })
    self.dispatch:poke()
  else
    self.log:error("hooks not taken over, the old ones stay", { error = tostring(ok and problem or result) })
  end
  self.service:notify "READY=1"
end

-- Tokens and payloads are readable on the way, unless a proxy before us speaks TLS.
local function warn_of_plain(self)
  for _, place in ipairs(self.bound) do
    if not self.tls and not LOOPBACK[place.address] then
      self.log:warn("listening without TLS where others can reach it", { address = addresses { place } })
    end
  end
end

--- Serves until a signal ends it: SIGHUP reads the hooks again, SIGTERM and SIGINT drain.
function Server:main()
  local signals <close> = process.signals()
  local lasting = {}
  local function keep(fn, ...) lasting[#lasting + 1] = scope.spawn(fn, ...) end
  self.breakers:watch_with(function(fn) keep(fn) end)
  self.dispatch:recover(keep)
  self.breakers:restore(self.store:breakers())
  local accepting = scope.spawn(accept, self)
  local dispatching = scope.spawn(self.dispatch.main, self.dispatch)
  keep(prune, self)
  keep(self.tracer.main, self.tracer)
  warn_of_plain(self)
  self.log:info("serving", { listen = addresses(self.bound), hooks = #self.config.hooks })
  self.service:notify("READY=1\nSTATUS=serving " .. #self.config.hooks .. " hooks")
  while signals:wait() == "HUP" do self:reload() end
  self:drain(accepting, dispatching)
  for _, handle in ipairs(lasting) do handle:cancel() end
end

--- Ends in order: no new connections, what was asked is answered, what runs may end.
function Server:drain(accepting, dispatching)
  self.is_ending = true
  self.service:notify "STOPPING=1"
  self.log:info("draining", { running = self.dispatch.count })
  self:changed(nil, "drain")
  self.http:drain()
  self.dispatch:drain(self.config.limits.drain)
  dispatching:join()
  accepting:join()
  self.tracer:flush()
  self.http:close()
  self.store:close()
  self.log:info("ended", {})
end

return server
