--- A connection to a vCenter or an ESXi host: one pool, one login, one space of objects.
---
---     connection.open(target)  → pool → login.lua (version, content, login) → session.lua
---     vm:PowerOnVM_Task{…}     → object.lua → method.lua → wire.lua → perilune.c.http
---
--- `vc:close()`, or leaving the block of `local vc <close> = …`, logs out on every way out, under a deadline
--- of its own.
local account = require "perilune.vim.account"
local collector = require "perilune.vim.collector"
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local events = require "perilune.vim.events"
local extras = require "perilune.vim.extras"
local inventory = require "perilune.vim.inventory"
local login = require "perilune.vim.login"
local lookup = require "perilune.vim.lookup"
local mob = require "perilune.vim.mob"
local moid = require "perilune.vim.moid"
local object = require "perilune.c.object"
local pool = require "perilune.vim.pool"
local query = require "perilune.vim.query"
local rest = require "perilune.vim.rest"
local retry = require "perilune.vim.retry"
local rows = require "perilune.vim.rows"
local scope = require "perilune.util.scope"
local service = require "perilune.vim.service"
local session = require "perilune.vim.session"
local task = require "perilune.c.task"
local updates = require "perilune.vim.updates"
local vtask = require "perilune.vim.task"
local watch = require "perilune.vim.watch"

local KEEP_ALIVE_SECONDS = 300 -- far below the half hour after which a vCenter forgets an idle session

---@class perilune.vim.Stats
---@field requests integer  after the login, all kinds together
---@field soap integer
---@field rest integer
---@field files integer  uploads and downloads
---@field logins integer
---@field handshakes integer
---@field bytes_in integer
---@field bytes_out integer

---@class perilune.vim.ConnectionOptions
---@field connections integer?  to the host at once
---@field on_request fun(what: string, seconds: number, status: integer)?  told of each answer; must not wait
---@field on_wait fun(e: perilune.Error, seconds: number)?  told of each pause before another try; must not wait
---@field on_notice fun(message: string)?  told of what is worth knowing and no error; must not wait

---@class perilune.vim.Connection
---@field target perilune.vim.Target
---@field name string
---@field host string
---@field user string  as the target says, or else the server
---@field content table  ServiceContent; its managers are objects
---@field about table  AboutInfo
---@field api_version string  the version that is spoken
---@field session_key string  of the SOAP session, as the server lists it
---@field session perilune.vim.Session
---@field rest_session perilune.vim.Session
---@field private account perilune.vim.Account
---@field updates perilune.vim.Updates
---@field retrying perilune.vim.Retrying
---@field space userdata
---@field lookup perilune.vim.Lookup  what was found before
---@field services table<string, perilune.vim.Service>  those that were called
---@field connections integer  to the host at once
---@field streams integer  answers that hold one of them until they are read
---@field private pool userdata
---@field private counts { soap: integer, rest: integer, file: integer }
local CONNECTIONS = 16 -- to the host at once

local Connection = {}

--- The methods below, and what extras.lua has.
function Connection:__index(name)
  local found = Connection[name]
  if found == nil then
    found = extras.find(self, name)
  end
  return found
end

local connection = {}

local function new_connection(target, options)
  local connections = math.max(options.connections or CONNECTIONS, 2) -- one may be held by a wait for updates
  local self = setmetatable({
    target = target,
    name = target.name,
    host = target.host,
    user = target.user,
    api_version = "6.0",
    space = object.space(),
    lookup = lookup.new(),
    connections = connections,
    pool = pool.open(target, { connections = connections }),
    streams = 0,
    counts = { soap = 0, rest = 0, file = 0 },
    last_used = { soap = task.now(), rest = task.now() },
    account = account.new(),
    on_request = options.on_request,
    retrying = retry.new { patience = target.patience, on_wait = options.on_wait },
    on_notice = options.on_notice,
    is_open = false,
    operation_id = "perilune-" .. digest.uuid():sub(1, 8),
    services = {},
    watches = setmetatable({}, { __mode = "v" }),
  }, Connection)
  self.space.connection = self
  self.rest_session = rest.session(self)
  self.updates = updates.new(self)
  return self
end

local function log_in(self, cookie)
  local token, user_session = login.log_in(self, cookie)
  self.session_key = user_session and user_session.key
  self.user = self.target.user or user_session and user_session.userName
  return token
end

--- What uses a session, so that the server does not forget it.
local USES = {
  soap = function(self) self:current_time() end,
  rest = rest.keep_alive,
}

local function use_idle(self, every)
  for kind, use in pairs(USES) do
    if task.now() - self.last_used[kind] >= every then
      local ok, e = pcall(use, self)
      if not ok and err.has(e, "task.cancelled") then
        error(e, 0)
      end
      self.last_used[kind] = task.now() -- a server that is away now may be back later
    end
  end
end

--- Keeps both sessions alive, until it is cancelled.
local function keep_alive(self)
  local every = self.target.keep_alive or KEEP_ALIVE_SECONDS
  while true do
    local oldest = math.min(self.last_used.soap, self.last_used.rest)
    task.sleep(math.max(oldest + every - task.now(), 0.01))
    use_idle(self, every)
  end
end

local function begin(self)
  self.api_version = login.negotiate(self)
  local content, cookie = login.content(self)
  self.content, self.about = content, content.about
  self.session = session.new(function()
    local first = cookie
    cookie = nil -- of the first login only
    return log_in(self, first)
  end, function(token) login.log_out(self, token) end, self.account)
  self.session:ready()
  self.is_open = true
  self.keeper = task.spawn(keep_alive, self)
  self.keeper:context(false)
  self.keeper:on_end(function() end) -- it ends when it is cancelled
end

--- Connects and logs in. Waits. Raises vim.login, vim.not_vsphere, http.*, tls.*
---@param target perilune.vim.Target
---@param options perilune.vim.ConnectionOptions?
---@return perilune.vim.Connection
function connection.open(target, options)
  local self = new_connection(target, options or {})
  local ok, e = xpcall(begin, err.wrap, self)
  if not ok then
    self:close()
    error(e, 0)
  end
  return self
end

local function end_keeper(self)
  local keeper = self.keeper
  self.keeper = nil
  if keeper then
    keeper:cancel(err.new { code = "task.cancelled", message = "the connection is closed" })
    keeper:join()
  end
end

local function shut(self)
  end_keeper(self)
  self.updates:close()
  self.rest_session:close()
  if self.session then
    self.session:close()
  end
  self.space.connection = nil
  self.sums = self.pool:stats() -- of a connection that is closed
  self.pool:close()
end

--- Logs out and closes all connections, which a cancellation does not stop but a deadline of its own does.
--- May be called often.
function Connection:close()
  if not self.is_closed then
    self.is_closed = true
    scope.shield(shut, self)
  end
end

Connection.__close = Connection.close

function Connection:__tostring()
  return ("vSphere connection %s as %s"):format(self.name, self.user)
end

--- Another pool to the target, with options of its own; the caller closes it.
---@param options table
---@return userdata
function Connection:open_pool(options)
  return pool.open(self.target, options)
end

-- Requests ------------------------------------------------------------------------------------------------

--- Sends an HTTP request, counted. For the modules of this folder.
---@param kind "soap"|"rest"|"file"
---@param request table
---@param what string?  for those who watch; without, its verb and URL
---@return table response
function Connection:request(kind, request, what)
  local began = task.now()
  self.last_used[kind] = began
  if self.is_open then
    self.counts[kind] = self.counts[kind] + 1
  end
  local response = self.pool:request(request)
  if self.on_request then
    self.on_request(what or request.method .. " " .. request.url, task.now() - began, response.status)
  end
  return response
end

--- Calls fn(…); the requests made in it, and in tasks it spawns, carry the operation id.
---@param id string
---@param fn function
---@return any ...
function Connection.with_operation(_, id, fn, ...)
  return scope.with("vim.operation", id, fn, ...)
end

--- The operation id of requests made here.
---@return string
function Connection:operation()
  return scope.value "vim.operation" or self.operation_id
end

--- What was sent since the login, and how often that happened.
---@return perilune.vim.Stats
function Connection:stats()
  local sums = self.sums or self.pool:stats()
  return {
    requests = self.counts.soap + self.counts.rest + self.counts.file,
    soap = self.counts.soap,
    rest = self.counts.rest,
    files = self.counts.file,
    logins = self.session.logins,
    handshakes = sums.handshakes,
    bytes_in = sums.bytes_in,
    bytes_out = sums.bytes_out,
  }
end

--- The server's clock.
---@return userdata  time
function Connection:current_time()
  return self:object("ServiceInstance", "ServiceInstance"):CurrentTime()
end

-- Objects -------------------------------------------------------------------------------------------------

--- A managed object by its id, "vm-42", or by type and id where the id does not tell the type; asks nothing of the
--- server.
---@param first string  an id, "VirtualMachine:vm-42", or a type
---@param second string?  the id if first is a type
---@return userdata
function Connection:object(first, second)
  return self.space:object(moid.read(self.content, first, second))
end

--- The object that a URL of the managed object browser or of the vSphere Client shows, and the value if the URL leads
--- to a property: only then the server is asked.
---@param text string
---@return userdata object
---@return any value
function Connection:mob(text)
  return mob.object(self, text)
end

--- Where an object is in the inventory: "/DC0/vm/web-01"; nil for one that is not in it. Waits.
---@param ref userdata
---@return string?
function Connection:path(ref)
  return inventory.paths(self, { ref })[ref]
end

--- Tells people what is worth knowing and no error.
---@param message string
function Connection:notice(message)
  if self.on_notice then
    self.on_notice(message)
  end
end

--- The vSphere task of a reference: one value per reference, so that all who wait share it.
---@param ref userdata|string  a Task, or its id
---@param call { method: string?, object: any, operation: string? }?  what started it
---@return perilune.vim.Task
function Connection:task(ref, call)
  ref = type(ref) == "string" and self:object("Task", ref) or ref
  local known = self.watches[ref]
  if not known then
    known = vtask.new(self, ref, call)
    self.watches[ref] = known
  end
  return known
end

--- All rows of a retrieval in a list.
---@param options { spec_set: table[], page: integer? }
---@return perilune.vim.Row[]
function Connection:retrieve(options)
  return collector.retrieve(self, options)
end

--- Rows of a retrieval as they come: `for row in vc:retrieve_each {…} do`.
---@param options { spec_set: table[], page: integer? }
function Connection:retrieve_each(options)
  return collector.each(self, options)
end

--- Properties of all objects of some types, in one request.
---@param paths table<string, string[]>
---@return perilune.vim.Row[]
function Connection:read_inventory(paths)
  return inventory.read(self, paths)
end

Connection.events = events.open
Connection.find = query.find
Connection.find_one = query.find_one
Connection.get = query.get
Connection.get_many = rows.get_many
Connection.rows = rows.rows
Connection.service = service.open
Connection.watch = watch.open

return connection
