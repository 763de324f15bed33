--- Tells others how a run ended: a POST of JSON, in a form that Slack, Mattermost and the like show as it is.
local err = require "perilune.err"
local http = require "perilune.c.http"
local json = require "perilune.c.json"
local recipe = require "perilune.util.recipe"
local secret = require "perilune.util.secret"
local task = require "perilune.c.task"

local notify = {}

local ATTEMPTS, SECONDS = 4, 15

-- What an outcome is called in `on`.
local OUTCOMES = { done = "success", failed = "failure", dead = "failure", held = "approval", cancelled = "failure" }

--- The notices of a hook that want to hear of a state.
---@param hook perilune.serve.Hook
---@param state string
---@return table[]
function notify.wanted(hook, state)
  local wanted, outcome = {}, OUTCOMES[state]
  for _, notice in ipairs(hook.notify) do
    for _, word in ipairs(type(notice.on) == "table" and notice.on or { notice.on or "failure" }) do
      if outcome and (word == outcome or word == "all") then
        wanted[#wanted + 1] = notice
        break
      end
    end
  end
  return wanted
end

local VERBS = { done = "done", failed = "failed", dead = "failed for good", held = "waits for approval",
  cancelled = "was cancelled" }

local function titles(list)
  local names = {}
  for i, entry in ipairs(list or {}) do names[i] = entry.title or entry.name end
  return names[1] and json.array(names) or nil
end

--- What is sent.
---@param run perilune.store.Run
---@param result table?  the record of an apply that stopped
---@param link string?
---@return table
function notify.message(run, result, link)
  local cause = run.error and run.error.message
  local lines = { ("%s: run %d %s: %s"):format(run.hook, run.id, VERBS[run.state] or run.state, run.outcome or "") }
  if cause and cause ~= run.outcome then lines[#lines + 1] = cause end
  if run.error and run.error.hint then lines[#lines + 1] = "What to do: " .. run.error.hint end
  if link then lines[#lines + 1] = link end
  result = result or {}
  return {
    text = table.concat(lines, "\n"), hook = run.hook, run = run.id, state = run.state, outcome = run.outcome,
    cause = cause, target = run.target, key = run.key, link = link,
    done = titles(result.done), not_done = titles(result.not_done), undone = titles(result.undone),
  }
end

local function post(notice, body)
  local connections <close> = http.pool { connections = 1, stall_timeout = SECONDS, connect_timeout = SECONDS }
  local headers = { ["Content-Type"] = "application/json" }
  for name, value in pairs(notice.headers or {}) do
    headers[name] = recipe.is(value) and secret.reveal(recipe.cook(value)) or value
  end
  local url = recipe.is(notice.url) and secret.reveal(recipe.cook(notice.url)) or notice.url
  local response <close> = connections:request { url = url, method = "POST", headers = headers, body = body,
    max_body = 1 << 16, timeout = SECONDS }
  response:text()
  if response.status >= 300 then
    err.raise { code = "http.status", where = false, message = ("it answered %d"):format(response.status) }
  end
end

--- Sends; tries again some times. Raises what was wrong the last time.
---@param notice table
---@param message table
function notify.send(notice, message)
  local body = json.encode(message)
  for attempt = 1, ATTEMPTS do
    local ok, e = xpcall(post, err.wrap, notice, body)
    if ok then return end
    if attempt == ATTEMPTS or err.has(e, "task.cancelled") then error(e, 0) end
    task.sleep(2 ^ attempt)
  end
end

return notify
