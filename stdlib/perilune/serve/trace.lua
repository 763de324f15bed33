--- Traces for OpenTelemetry: from a delivery to its runs, their steps and the requests to vSphere.
---
--- Spans are gathered and sent as OTLP over HTTP, in JSON, now and then. A collector that is away costs spans, never a
--- run.
local build = require "perilune.c.build"
local digest = require "perilune.c.digest"
local err = require "perilune.err"
local http = require "perilune.c.http"
local json = require "perilune.c.json"
local task = require "perilune.c.task"

---@class perilune.serve.Tracer
---@field private settings table
---@field private log perilune.serve.Log
---@field private spans table[]
local Tracer = {}
Tracer.__index = Tracer

local trace = {}

local EVERY, MOST, SECONDS = 2, 20000, 10 -- seconds between sendings; spans that wait; seconds for one sending
local SERVER, INTERNAL, CLIENT = 2, 1, 3  -- kinds of spans
local OK, FAILED = 1, 2                   -- their status

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- The parts of a `traceparent` header (W3C Trace Context); nil where it is none.
---@param text string?
---@return { trace: string, span: string, is_sampled: boolean }?
function trace.parse(text)
  local version, id, span, flags = (text or ""):match "^(%x%x)%-(%x+)%-(%x+)%-(%x%x)"
  local is_right = version and version ~= "ff" and #id == 32 and #span == 16 and id:find "[^0]" and span:find "[^0]"
  if not is_right or id:find "%u" or span:find "%u" then return nil end
  return { trace = id, span = span, is_sampled = tonumber(flags, 16) & 1 == 1 }
end

---@param context { trace: string, span: string, is_sampled: boolean }
---@return string
function trace.format(context)
  return ("00-%s-%s-%02x"):format(context.trace, context.span, context.is_sampled and 1 or 0)
end

---@param settings { otlp: string, headers: table?, service: string?, sample: number? }?  nil: nothing is traced
---@param log perilune.serve.Log
---@return perilune.serve.Tracer
function trace.new(settings, log)
  return setmetatable({ settings = settings, log = log, spans = {}, lost = 0 }, Tracer)
end

local function new_span_id()
  return hex(digest.random(8))
end

--- The span of a step: known from its run's and its number, so that requests find it.
local function step_span(run_span, step)
  return digest.sha256(run_span .. tostring(step)):sub(1, 16)
end

local function attribute(key, value)
  local kind = math.type(value) == "integer" and "intValue" or "stringValue"
  return { key = key, value = { [kind] = tostring(value) } }
end

local function attributes_of(values)
  local list, names = {}, {}
  for name in pairs(values) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do list[#list + 1] = attribute(name, values[name]) end
  return json.array(list)
end

local function nanos(seconds)
  return ("%d"):format(math.floor(seconds * 1000000) * 1000)
end

local function add(self, context, fields)
  if not (self.settings and context and context.is_sampled) then return end
  if #self.spans >= MOST then
    self.lost = self.lost + 1
    return
  end
  table.insert(self.spans, {
    traceId = context.trace, spanId = fields.id, parentSpanId = fields.parent, name = fields.name, kind = fields.kind,
    startTimeUnixNano = nanos(fields.from), endTimeUnixNano = nanos(fields.to),
    attributes = attributes_of(fields.attributes or {}), status = { code = fields.failed and FAILED or OK },
  })
end

--- The context of a delivery: a child of the sender's, or the first of a new trace; nil where nothing is traced.
---@param traceparent string?
---@return table?
function Tracer:begin(traceparent)
  if not self.settings then return nil end
  local parent = trace.parse(traceparent)
  local is_sampled = parent and parent.is_sampled
  if not parent then is_sampled = math.random() < (self.settings.sample or 1) end
  return { trace = parent and parent.trace or hex(digest.random(16)), parent = parent and parent.span,
    span = new_span_id(), is_sampled = is_sampled, from = task.wall() }
end

--- A delivery was answered.
function Tracer:delivery(context, hook, run, status)
  if not context then return end
  add(self, context, { id = context.span, parent = context.parent, name = "POST /hooks/" .. hook, kind = SERVER,
    from = context.from, to = task.wall(), failed = status >= 500,
    attributes = { ["http.response.status_code"] = status, ["perilune.hook"] = hook, ["perilune.run"] = run } })
end

--- The context of an attempt of a run, below that of its delivery.
---@param run perilune.store.Run
---@return table?
function Tracer:attempt(run)
  local parent = self.settings and trace.parse(run.trace)
  return parent and { trace = parent.trace, parent = parent.span, span = new_span_id(), is_sampled = parent.is_sampled,
    from = task.wall() }
end

local function step_record(self, context, record, now)
  add(self, context, { id = step_span(context.span, record.step.id), parent = context.span, kind = INTERNAL,
    name = ("%s %s"):format(record.step.kind or "step", record.step.title), from = now - record.seconds, to = now,
    failed = record.event == "failed", attributes = { ["perilune.resource"] = record.step.name } })
end

local function request_record(self, context, record, now)
  local step = (record.operation or ""):match "%-(%d+)$"
  add(self, context, { id = new_span_id(), parent = step and step_span(context.span, step) or context.span,
    name = record.what, kind = CLIENT, from = now - record.seconds, to = now, failed = record.status >= 400,
    attributes = { ["http.response.status_code"] = record.status } })
end

--- A record of a run's process: a step that ended, or an answer of vSphere.
function Tracer:record(context, record)
  if not context then return end
  if record.type == "event" and record.step and record.seconds then
    step_record(self, context, record, task.wall())
  elseif record.type == "request" then
    request_record(self, context, record, task.wall())
  end
end

--- An attempt has ended.
function Tracer:ended(context, run, state)
  if not context then return end
  add(self, context, { id = context.span, parent = context.parent, name = "run " .. run.hook, kind = INTERNAL,
    from = context.from, to = task.wall(), failed = state == "failed" or state == "dead",
    attributes = { ["perilune.run"] = run.id, ["perilune.hook"] = run.hook, ["perilune.attempt"] = run.attempt,
      ["perilune.state"] = state, ["perilune.target"] = run.target or "default" } })
end

local function body_of(self, spans)
  local resource = { attributes = attributes_of { ["service.name"] = self.settings.service or "perilune",
    ["service.version"] = build.version } }
  return json.encode { resourceSpans = { { resource = resource,
    scopeSpans = { { scope = { name = "perilune", version = build.version }, spans = spans } } } } }
end

local function post(self, spans)
  local connections <close> = http.pool { connections = 1, connect_timeout = SECONDS, stall_timeout = SECONDS }
  local headers = { ["Content-Type"] = "application/json" }
  for name, value in pairs(self.settings.headers or {}) do headers[name] = value end
  local response <close> = connections:request { url = self.settings.otlp:gsub("/+$", "") .. "/v1/traces",
    method = "POST", headers = headers, body = body_of(self, spans), max_body = 1 << 16, timeout = SECONDS }
  response:text()
  if response.status >= 300 then
    err.raise { code = "http.status", where = false, message = ("the collector answered %d"):format(response.status) }
  end
end

--- Sends what has been gathered.
function Tracer:flush()
  local spans = self.spans
  if #spans == 0 then return end
  self.spans = {}
  local ok, e = xpcall(post, err.wrap, self, spans)
  if ok then return end
  if err.has(e, "task.cancelled") then error(e, 0) end
  self.log:warn("spans lost", { count = #spans + self.lost, error = e.message })
  self.lost = 0
end

--- Sends now and then, until it is cancelled.
function Tracer:main()
  while true do
    task.sleep(EVERY)
    self:flush()
  end
end

return trace
