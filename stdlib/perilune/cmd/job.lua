--- perilune job: one run of `perilune serve`, in a process of its own.
---
--- Nobody types this. What to do comes as JSON on standard input (perilune.serve.job); what is printed is the run's
--- log; records for the server go to descriptor 3.
local apply = require "perilune.cmd.apply"
local base64 = require "perilune.util.base64"
local config = require "perilune.serve.config"
local err = require "perilune.err"
local events = require "perilune.serve.event"
local json = require "perilune.c.json"
local jobs = require "perilune.serve.job"
local mask = require "perilune.serve.mask"
local output = require "perilune.cmd.output"
local plan = require "perilune.cmd.plan"
local process = require "perilune.c.process"
local run = require "perilune.cmd.run"
local scope = require "perilune.util.scope"
local secret = require "perilune.util.secret"
local session = require "perilune.cmd.session"
local term = require "perilune.c.term"

local job = {
  name = "job",
  usage = "",
  summary = "One run of perilune serve, which starts it.",
  arguments = {},
  options = {},
  examples = {},
}

local function read()
  local ok, order = pcall(json.decode, io.stdin:read "a")
  if ok and type(order) == "table" and order.format == jobs.FORMAT and order.parent then return order end
  err.raise {
    code = "usage", where = false, message = "perilune job is started by perilune serve, of the same version",
    hint = ok and "restart the server: the program was replaced while it ran" or "perilune serve --help",
  }
end

--- From here on no secret of this process is printed.
local function hide_secrets()
  local methods, write, term_write = getmetatable(io.stdout).__index, io.stdout.write, term.write
  local function hidden(text)
    return mask.new(secret.all())(text)
  end
  function methods.write(file, ...)
    local words = table.pack(...)
    if file ~= io.stdout and file ~= io.stderr then return write(file, ...) end
    for i = 1, words.n do words[i] = type(words[i]) == "string" and hidden(words[i]) or words[i] end
    return write(file, table.unpack(words, 1, words.n))
  end
  function term.write(fd, text) return term_write(fd, hidden(text)) end
end

local function bind(order)
  process.end_with_parent(order.parent)
  process.limit { memory = order.memory, cpu = order.cpu, core = 0 }
  hide_secrets()
end

-- Counts what is asked of the server, by method and outcome; where the run is traced, tells of each answer.
local function request_counter(order, records)
  local counts, is_traced = {}, order.trace and order.trace:find "1$"
  return function(what, seconds, status)
    if is_traced then
      local operation = scope.value "vim.operation"
      records:write(json.encode { type = "request", what = what:gsub(" https?://[^/]*", " "), seconds = seconds,
        status = status, operation = operation }, "\n")
    end
    local method = what:match "^(%w+) on " or "REST"
    local key = method .. " " .. (status < 400 and "ok" or "error")
    counts[key] = (counts[key] or 0) + 1
  end, counts
end

local function requests_record(counts)
  local methods = {}
  for key, count in pairs(counts) do
    local method, outcome = key:match "^(%S+) (%S+)$"
    methods[#methods + 1] = { method = method, outcome = outcome, count = count }
  end
  return { type = "requests", methods = json.array(methods) }
end

local function options_of(order, on_request)
  local allow, sources = {}, {}
  for _, word in ipairs(order.allow) do allow[word] = true end
  for name in pairs(order.vars or {}) do sources[name] = ("vars of hook %q"):format(order.hook) end
  return {
    file = order.file, target = order.target, vars = order.vars or {}, var_sources = sources, allow = allow, yes = true,
    on_request = on_request, verbose = 0, color = "never", run = tostring(order.run), plan_digest = order.plan_digest,
  }
end

local function call_function(order, options, shown)
  local work <close> = session.new(options, shown)
  local words = run.words(work)
  words.io, words.os, words.require = io, os, require
  local hook = config.load(order.hooks, { env = os.getenv, run_words = words }).hooks[order.hook]
  if not hook or type(hook.run) ~= "function" then
    err.raise { code = "serve.hook", where = false, message = ("hook %q is no function any more"):format(order.hook) }
  end
  order.delivery.body = base64.decode(order.delivery.body)
  scope.scope(hook.run, events.of(order.delivery))
  return 0
end

local function carry_out(order, shown, on_request)
  local options = options_of(order, on_request)
  if order.kind == "function" then return call_function(order, options, shown) end
  return (order.kind == "plan" and plan or apply).main(options, shown)
end

---@param options table
---@return integer
function job.main(options)
  local order = read()
  bind(order)
  local records = process.records()
  if not records then err.raise { code = "usage", where = false, message = "perilune job has nobody to report to" } end
  local shown = output.both(options, "job", records)
  local on_request, counts = request_counter(order, records)
  local ok, result = xpcall(scope.scope, err.wrap, carry_out, order, shown, on_request)
  if not ok then shown:error(result) end
  records:write(json.encode(requests_record(counts)), "\n")
  records:flush()
  return ok and result or err.exit_code(result)
end

return job
