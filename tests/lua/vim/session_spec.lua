local err = require "perilune.err"
local scope = require "perilune.util.scope"
local session = require "perilune.vim.session"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

--- A session whose server waits a moment before it answers.
local function new(answer)
  local seen = { logins = 0, logouts = {} }
  local own = session.new(function()
    seen.logins = seen.logins + 1
    task.sleep(0.005)
    return answer and answer(seen.logins) or "token " .. seen.logins
  end, function(token) table.insert(seen.logouts, token) end)
  return own, seen
end

local function refusal()
  err.raise { code = "vim.login", message = "wrong" }
end

local function many(fn)
  local numbers = {}
  for i = 1, 50 do
    numbers[i] = i
  end
  return scope.parallel(50, numbers, fn)
end

t.test("many tasks log in once", function()
  local own, seen = new()
  for _, token in ipairs(many(function() return (own:ready()) end)) do
    t.equal(token, "token 1")
  end
  t.equal({ seen.logins, own.logins }, { 1, 1 })
end)

t.test("a wrong password is tried once, whatever the concurrency and however often", function()
  local own, seen = new(refusal)
  many(function() t.raises(function() own:ready() end, "vim.login") end)
  t.raises(function() own:ready() end, "vim.login")
  t.equal(seen.logins, 1)
end)

t.test("many tasks whose session the server forgot renew it once", function()
  local own, seen = new()
  local _, generation = own:ready()
  for _, token in ipairs(many(function()
    own:forget(generation)
    return (own:ready())
  end)) do
    t.equal(token, "token 2")
  end
  t.equal(seen.logins, 2)
end)

t.test("who reports an old session late does not end the new one", function()
  local own, seen = new()
  local _, old = own:ready()
  own:forget(old)
  own:ready()
  own:forget(old)
  t.equal({ (own:ready()) }, { "token 2" })
  t.equal(seen.logins, 2)
end)

t.test("a renewal that the server refuses is the last try", function()
  local own, seen = new(function(n) return n > 1 and refusal() or nil end)
  local _, generation = own:ready()
  own:forget(generation)
  many(function() t.raises(function() own:ready() end, "vim.login") end)
  t.equal(seen.logins, 2)
end)

t.test("a login that failed for want of a connection is tried again by the next call", function()
  local own = new(function(n)
    if n == 1 then
      err.raise { code = "http.connect", message = "refused" }
    end
  end)
  t.raises(function() own:ready() end, "http.connect")
  t.equal({ (own:ready()) }, { "token 2" })
end)

t.test("the login of a cancelled caller is finished, and logged out at the end", function()
  local own, seen = new()
  t.raises(function() scope.timeout(0.001, function() own:ready() end) end, "task.timeout")
  t.is_nil(own:close())
  t.equal({ seen.logins, seen.logouts }, { 1, { "token 1" } })
end)

t.test("closing logs out once, and nothing works after", function()
  local own, seen = new()
  own:ready()
  own:close()
  own:close()
  t.equal(seen.logouts, { "token 1" })
  t.raises(function() own:ready() end, "vim.session")
end)

t.test("a session that was never used is not logged out", function()
  local own, seen = new()
  own:close()
  t.equal(seen.logouts, {})
end)

t.test("a new cookie of the present login replaces it, one of an old login does not", function()
  local own = new()
  local _, generation = own:ready()
  own:replace("newer", generation)
  t.equal({ (own:ready()) }, { "newer" })
  own:forget(generation)
  own:ready()
  own:replace("stale", generation)
  t.equal({ (own:ready()) }, { "token 2" })
end)

t.test("a logout that fails is told, not raised", function()
  local own = session.new(function() return 1 end, function() err.raise { code = "http.cut", message = "gone" } end)
  own:ready()
  t.equal(own:close().code, "http.cut")
end)

t.test("a login whose answer is lost is sent three times, and then no more: it may have been a failed one", function()
  local own, seen = new(function() err.raise { code = "http.unknown", message = "lost" } end)
  for _ = 1, 3 do t.raises(function() own:ready() end, "http.unknown") end
  local e = t.raises(function() own:ready() end, "vim.login")
  t.match(tostring(e), "the answer to 3 logins was lost")
  t.equal(seen.logins, 3)
end)

t.test("an answer between two lost ones begins the count anew", function()
  local own, seen = new(function(n)
    if n ~= 2 then err.raise { code = "http.cut", message = "lost" } end
  end)
  t.raises(function() own:ready() end, "http.cut")
  local _, generation = own:ready()
  own:forget(generation)
  for _ = 1, 3 do t.raises(function() own:ready() end, "http.cut") end
  t.raises(function() own:ready() end, "vim.login")
  t.equal(seen.logins, 5)
end)

t.test("two sessions of one account log in one after the other, and not after a refusal", function()
  local account = require "perilune.vim.account"
  local credentials, tries, at_once = account.new(), 0, 0
  local function login()
    tries, at_once = tries + 1, at_once + 1
    t.equal(at_once, 1)
    task.sleep(0.005)
    at_once = at_once - 1
    refusal()
  end
  local soap = session.new(login, function() end, credentials)
  local rest = session.new(login, function() end, credentials)
  many(function(i) t.raises(function() (i % 2 == 0 and soap or rest):ready() end, "vim.login") end)
  t.equal(tries, 1)
end)
