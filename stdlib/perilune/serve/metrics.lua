--- What the server counts, in the text format of Prometheus.
local metrics = {}

---@class perilune.serve.Metrics
local Metrics = {}
Metrics.__index = Metrics

local BUCKETS = { 1, 5, 15, 60, 300, 900, 3600 } -- seconds of a run

---@return perilune.serve.Metrics
function metrics.new()
  return setmetatable({ deliveries = {}, ended = {}, durations = {}, requests = {} }, Metrics)
end

local function add(counts, key, n)
  counts[key] = (counts[key] or 0) + (n or 1)
end

local function label(value)
  return (tostring(value):gsub('[\\"\n]', { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }))
end

local function labels(...)
  local parts, words = {}, { ... }
  for i = 1, #words, 2 do parts[#parts + 1] = ('%s="%s"'):format(words[i], label(words[i + 1])) end
  return "{" .. table.concat(parts, ",") .. "}"
end

--- A delivery was answered.
function Metrics:delivery(hook, status)
  add(self.deliveries, labels("hook", hook, "status", status))
end

-- How long a run took, into the buckets of its hook.
local function observe_duration(self, hook, seconds)
  local of = self.durations[hook] or { count = 0, sum = 0, buckets = {} }
  self.durations[hook] = of
  of.count, of.sum = of.count + 1, of.sum + seconds
  for i, bound in ipairs(BUCKETS) do
    if seconds <= bound then of.buckets[i] = (of.buckets[i] or 0) + 1 end
  end
end

--- What dispatch tells: a record of a run's process, or that a run has ended.
---@param what "record"|"ended"
function Metrics:observe(what, run, detail, seconds)
  if what == "ended" then
    add(self.ended, labels("hook", run.hook, "state", detail))
    observe_duration(self, run.hook, seconds)
  elseif detail.type == "requests" then
    for _, one in ipairs(detail.methods) do
      add(self.requests, labels("method", one.method, "outcome", one.outcome), one.count)
    end
  end
end

local function family(lines, name, kind, help)
  lines[#lines + 1] = ("# HELP %s %s"):format(name, help)
  lines[#lines + 1] = ("# TYPE %s %s"):format(name, kind)
end

local function number(value)
  return math.type(value) == "integer" and tostring(value) or ("%.6g"):format(value)
end

local function samples(lines, name, values)
  local keys = {}
  for key in pairs(values) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do lines[#lines + 1] = ("%s%s %s"):format(name, key, number(values[key])) end
end

local function durations(lines, all)
  local name, hooks = "perilune_run_duration_seconds", {}
  for hook in pairs(all) do hooks[#hooks + 1] = hook end
  table.sort(hooks)
  for _, hook in ipairs(hooks) do
    local of = all[hook]
    for i, bound in ipairs(BUCKETS) do
      lines[#lines + 1] = ("%s_bucket%s %d"):format(name, labels("hook", hook, "le", bound), of.buckets[i] or 0)
    end
    lines[#lines + 1] = ("%s_bucket%s %d"):format(name, labels("hook", hook, "le", "+Inf"), of.count)
    lines[#lines + 1] = ("%s_sum%s %s"):format(name, labels("hook", hook), number(of.sum))
    lines[#lines + 1] = ("%s_count%s %d"):format(name, labels("hook", hook), of.count)
  end
end

local STATES = { "closed", "open", "trial" }

local function breakers(list)
  local values = {}
  for _, b in ipairs(list) do
    for _, state in ipairs(STATES) do
      values[labels("target", b.target, "state", state)] = b.state == state and 1 or 0
    end
  end
  return values
end

local QUEUE = { "queued", "held", "running", "dead" }

local function queue(counts)
  local values = {}
  for _, state in ipairs(QUEUE) do values[labels("state", state)] = counts[state] or 0 end
  return values
end

local function refused(stats)
  local values = {}
  for status, count in pairs(stats.refused) do values[labels("status", status)] = count end
  return values
end

--- The text that /metrics answers with.
---@param now { counts: table, breakers: table[], http: table, now: number, running: integer }
---@return string
function Metrics:text(now)
  local lines, http = {}, now.http
  local function put(name, kind, help, values)
    family(lines, name, kind, help)
    samples(lines, name, values)
  end
  local oldest = now.counts.oldest_queued
  put("perilune_deliveries_total", "counter", "Deliveries answered, by hook and status.", self.deliveries)
  put("perilune_runs_total", "counter", "Attempts of runs that ended, by hook and the state after.", self.ended)
  family(lines, "perilune_run_duration_seconds", "histogram", "How long attempts of runs took.")
  durations(lines, self.durations)
  put("perilune_queue_runs", "gauge", "Runs that are not settled, by state.", queue(now.counts))
  put("perilune_queue_oldest_seconds", "gauge", "Age of the run that has waited longest.",
    { [""] = oldest and math.max(0, now.now - oldest / 1000000) or 0 })
  put("perilune_breaker_state", "gauge", "1 for the state that a target's breaker is in.", breakers(now.breakers))
  put("perilune_vsphere_requests_total", "counter", "Requests of runs to vSphere, by method and outcome.",
    self.requests)
  put("perilune_http_connections", "gauge", "Connections that are open.", { [""] = http.connections })
  put("perilune_http_requests_total", "counter", "Requests received whole.", { [""] = http.requests })
  put("perilune_http_refused_total", "counter", "Requests refused before they were looked at.", refused(http))
  put("perilune_tls_handshakes_total", "counter", "TLS handshakes.", { [""] = http.tls_handshakes })
  put("perilune_tls_failures_total", "counter", "TLS handshakes that failed.", { [""] = http.tls_failures })
  return table.concat(lines, "\n") .. "\n"
end

return metrics
