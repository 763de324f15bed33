--- A `perilune serve` for one test: its hooks, deliveries to it, its log, and the store it keeps.
local digest = require "perilune.c.digest"
local http = require "perilune.c.http"
local json = require "perilune.c.json"
local lines = require "perilune.util.lines"
local process = require "perilune.c.process"
local scope = require "perilune.util.scope"
local store = require "perilune.store"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local hooks = {}

local Hooks = {}
Hooks.__index = Hooks

hooks.SECRET = "It's a Secret to Everybody"

local SECONDS = 30

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- What GitHub would send.
function hooks.github(event, id, body, secret)
  return {
    ["X-GitHub-Event"] = event, ["X-GitHub-Delivery"] = id, ["Content-Type"] = "application/json",
    ["X-Hub-Signature-256"] = "sha256=" .. hex(digest.hmac("sha256", secret or hooks.SECRET, body)),
  }
end

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

--- Starts a server with the hooks, playbooks by name, and variables; it ends with the present test.
---@param options table  hooks, files = { name = text }, env, wait = false, tls and ca_file
function hooks.start(options)
  local directory = t.tmpdir()
  local self = setmetatable({ directory = directory, records = {}, text = {}, ca_file = options.ca_file,
    scheme = options.tls and "https" or "http" }, Hooks)
  self.env = { PATH = os.getenv "PATH", HOME = directory, XDG_STATE_HOME = directory .. "/state",
    WEBHOOK_SECRET = hooks.SECRET, ASAN_OPTIONS = os.getenv "ASAN_OPTIONS" }
  for name, value in pairs(options.env or {}) do self.env[name] = value end
  for name, text in pairs(options.files or {}) do write(directory .. "/" .. name, text) end
  write(directory .. "/hooks.lua", options.hooks)
  t.cleanup(function() self:stop() end)
  self:run()
  if options.wait ~= false then self:await_log "serving" end
  return self
end

local function listen_to(self, child)
  local reader = lines.new(1 << 20)
  for stream, bytes in function() return child:read() end do
    for _, line in ipairs(stream == "stderr" and reader:add(bytes) or {}) do
      local ok, record = pcall(json.decode, line)
      table.insert(self.text, line)
      if ok and type(record) == "table" then table.insert(self.records, record) end
    end
  end
  self.is_silent = true
end

--- Starts the program; again, after it has ended.
function Hooks:run()
  self.is_silent = false
  self.child = process.spawn {
    argv = { process.program(), "serve", "hooks.lua" }, cwd = self.directory, env = self.env,
  }
  task.spawn(listen_to, self, self.child) -- of no scope: a test ends before its cleanups
end

--- Waits until something is so.
function hooks.await(what, fn)
  local ends = task.now() + SECONDS
  while task.now() < ends do
    local found = fn()
    if found then return found end
    task.sleep(0.01)
  end
  t.fail("waited in vain for %s", what)
end

--- The first line of the log with this message, from the one behind `after` on.
function Hooks:await_log(message, after)
  local function find()
    for i = (after or 0) + 1, #self.records do
      if self.records[i].message == message then return self.records[i] end
    end
    if self.is_silent then t.fail("the server ended:\n%s", table.concat(self.text, "\n")) end
  end
  local record = hooks.await(("%q in the log"):format(message), find)
  if message == "serving" then self.url = self.scheme .. "://" .. record.listen:match "^%S+" end
  return record
end

--- Sends a request.
---@return { status: integer, text: string, body: any, cookie: string? }
function Hooks:request(method, path, headers, body, more)
  local options = { connections = 1, ca_file = self.ca_file and { self.ca_file } }
  for name, value in pairs(more or {}) do options[name] = value end
  local pool <close> = http.pool(options)
  local response <close> = pool:request { url = self.url .. path, method = method, headers = headers, body = body }
  local text = response:text()
  local ok, value = pcall(json.decode, text)
  return { status = response.status, text = text, body = ok and value or nil, cookie = response:header "Set-Cookie" }
end

--- Sends a delivery as GitHub would.
function Hooks:deliver(hook, event, id, value, secret)
  local body = type(value) == "string" and value or json.encode(value)
  return self:request("POST", "/hooks/" .. hook, hooks.github(event, id, body, secret), body)
end

--- The store, to look into.
function Hooks:store()
  local opened = store.open(self.directory .. "/state/perilune/store.db", { readonly = true })
  t.cleanup(function() opened:close() end)
  return opened
end

local ENDED = { done = true, failed = true, dead = true, cancelled = true, ignored = true, superseded = true }

--- Waits until a run is in a state, or has ended.
function Hooks:await_run(id, state)
  local opened <close> = store.open(self.directory .. "/state/perilune/store.db", { readonly = true })
  return hooks.await(("run %d to be %s"):format(id, state or "over"), function()
    local run = opened:run(id)
    if run and (run.state == state or not state and ENDED[run.state]) then return run end
    if run and state and ENDED[run.state] then
      t.fail("run %d is %s: %s\n%s", id, run.state, run.outcome, self:log_of(id))
    end
  end)
end

--- What a run printed.
function Hooks:log_of(id)
  local opened <close> = store.open(self.directory .. "/state/perilune/store.db", { readonly = true })
  local texts = {}
  for i, line in ipairs(opened:log_of(id)) do texts[i] = line.text end
  return table.concat(texts, "\n")
end

function Hooks:write(name, text)
  write(self.directory .. "/" .. name, text)
end

--- Ends it as a power cut would, and waits until it has gone.
function Hooks:kill()
  self.child:kill "KILL"
  self.child:wait()
end

--- Ends it in order; its exit code.
function Hooks:stop()
  if not self.child then return end
  self.child:kill "TERM"
  local ok, status = pcall(scope.timeout, SECONDS, function() return (self.child:wait()) end)
  if not ok then self.child:kill "KILL" end
  self.child = nil
  return ok and status or nil
end

return hooks
