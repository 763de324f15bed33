--- Who is signed in. Sessions live in memory: a restart signs everybody out.
---
--- The cookie holds a random token, of which only the digest is kept. Forms carry a second one, bound to it, so that
--- another site cannot send them.
local digest = require "perilune.c.digest"
local task = require "perilune.c.task"

---@class perilune.serve.Sessions
local Sessions = {}
Sessions.__index = Sessions

local session = {}

local MOST = 10000             -- sessions at once
local TRIES, WINDOW = 10, 300  -- wrong passwords of one address, in so many seconds

---@param options { session: number?, idle: number? }
---@return perilune.serve.Sessions
function session.new(options)
  return setmetatable({ all = {}, count = 0, lasts = options.session or 43200, idle = options.idle or 3600,
    wrong = {} }, Sessions)
end

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function sweep(self)
  local now = task.now()
  for key, one in pairs(self.all) do
    if now > one.ends or now > one.seen + self.idle then self.all[key], self.count = nil, self.count - 1 end
  end
  for peer, one in pairs(self.wrong) do
    if now > one.since + WINDOW then self.wrong[peer] = nil end
  end
end

--- A session for a user: the token for its cookie; nil when there are too many.
---@param user string
---@return string? token
function Sessions:open(user)
  sweep(self)
  if self.count >= MOST then return nil end
  local token, now = hex(digest.random(32)), task.now()
  self.all[digest.sha256(token)] = { user = user, ends = now + self.lasts, seen = now, form = hex(digest.random(32)) }
  self.count = self.count + 1
  return token
end

--- The session of a cookie's token; nil when there is none any more.
---@param token string?
---@return { user: string, form: string }?
function Sessions:find(token)
  local one = token and self.all[digest.sha256(token)]
  local now = task.now()
  if not one or now > one.ends or now > one.seen + self.idle then return nil end
  one.seen = now
  return one
end

---@param token string?
function Sessions:close(token)
  local key = token and digest.sha256(token)
  if key and self.all[key] then self.all[key], self.count = nil, self.count - 1 end
end

--- Whether an address may try another password now.
---@param peer string
---@return boolean
function Sessions:may_try(peer)
  local one = self.wrong[peer]
  if one and task.now() > one.since + WINDOW then self.wrong[peer], one = nil, nil end
  return not one or one.count < TRIES
end

--- Remembers a wrong password.
---@param peer string
function Sessions:was_wrong(peer)
  sweep(self)
  local one = self.wrong[peer] or { since = task.now(), count = 0 }
  one.count, self.wrong[peer] = one.count + 1, one
end

return session
