--- What a command works with: the target, its one connection, the playbook and the planner over it.
---
--- The connection is opened at its first use, so that a mistake in a playbook is told before any login,
--- and it is closed on every way out. What needs the larger modules requires them there: a script that
--- asks no server is to start at once.
local err = require "perilune.err"
local promise = require "perilune.util.promise"
local task = require "perilune.c.task"

---@class perilune.cmd.Session
---@field options table
---@field is_watched boolean|nil  requests and pauses are told however little was asked to be
---@field private connect fun(): perilune.vim.Connection
---@field private refused perilune.Error?
local Session = {}
Session.__index = Session

local session = {}

---@param options table  as options.parse returns them
---@param shown perilune.cmd.Output
---@return perilune.cmd.Session
function session.new(options, shown)
  local self = setmetatable({ options = options, shown = shown }, Session)
  self.connect = promise.single(function() return self:log_in() end)
  return self
end

function Session:open()
  local connection, target = require "perilune.vim.connection", require "perilune.vim.target"
  local found = target.find { name = self.options.target, env = os.getenv }
  local verbose, shown = self.options.verbose, self.shown
  if verbose > 0 then shown:target(found) end
  return connection.open(found, {
    connections = self.options.parallel,
    on_notice = function(message) shown:notice(message) end,
    on_request = self.options.on_request
      or (verbose > 1 or self.is_watched) and function(...) shown:request(...) end or nil,
    on_wait = (verbose > 0 or self.is_watched) and function(...) shown:waiting(...) end or nil,
  })
end

-- Where the playbook or script first needed the server does not matter when the server cannot be had.
local function without_place(e, path)
  if path and e.where and e.where.file == path then e.where = nil end
  return e
end

--- Opens the connection. A login that the server refused is not tried again: accounts get locked.
function Session:log_in()
  if self.vc and not self.vc.is_closed then return self.vc end
  local ok, result = xpcall(self.open, err.wrap, self)
  if not ok then
    local e = without_place(result, self.options.file or self.options.script)
    if err.has(e, "vim.login") then self.refused = e end
    error(e, 0)
  end
  self.vc, self.opened = result, task.now()
  return result
end

--- The connection; whoever asks first opens it, whoever asks meanwhile waits for that, and opens it if the first
--- is cancelled.
---@return perilune.vim.Connection
function Session:vcenter()
  if self.refused then error(self.refused, 0) end
  return self.vc and not self.vc.is_closed and self.vc or self.connect()
end

---@return perilune.plan.Planner
function Session:planner()
  self.plans = self.plans or require("perilune.plan").open(self:vcenter())
  return self.plans
end

-- One mistake is told as several are, with what became of the run.
function Session:as_mistakes(e)
  local is_mistake = e.code:find "^playbook%." or e.code == "argument"
  if e.mistakes or not is_mistake then return e end
  local untouched = self.vc and "changed" or "read or changed"
  return err.new {
    code = "playbook.mistakes", where = false, mistakes = { e },
    message = ("1 mistake; nothing was %s."):format(untouched),
  }
end

--- Reads the playbook; the connection is opened only where the playbook needs values of a server.
---@param mode "plan"|"validate"
---@return perilune.playbook.Declaration
function Session:load(mode)
  local options, variables = self.options, require "perilune.cmd.variables"
  local ok, result = xpcall(require("perilune.playbook").load, err.wrap, options.file, {
    vars = options.vars or variables.collect(options.var_file, options.var),
    var_sources = options.var_sources,
    mode = mode,
    resolve = mode == "plan" and function(lookups) return self:planner():resolver()(lookups) end or nil,
  })
  if ok then return result end
  error(self:as_mistakes(result), 0)
end

--- Plans, and counts what was asked of the server since the login, the playbook's own questions included.
---@param declaration perilune.playbook.Declaration
---@param options { destroy: boolean? }?
---@return perilune.plan.Plan
function Session:plan(declaration, options)
  local vc = self:vcenter()
  local plan = self:planner():make(declaration, options)
  plan.reads = { requests = vc:stats().requests, seconds = task.now() - self.opened }
  return plan
end

--- Plans anew; its changes are what is still to do.
---@param declaration perilune.playbook.Declaration
---@param options { destroy: boolean? }
---@return perilune.plan.Plan
function Session:verify(declaration, options)
  return self:planner():verify(declaration, options)
end

--- Logs out.
function Session:close()
  local vc = self.vc
  self.vc = nil
  if not vc then return end
  local stats = vc:stats()
  vc:close()
  if self.options.verbose > 0 then self.shown:stats(stats) end
end

Session.__close = Session.close

return session
