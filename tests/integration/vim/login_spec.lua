--- Every way to log in but those of single sign-on (sso_spec.lua); govc is the witness of the sessions there are.
local connection = require "perilune.vim.connection"
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local tags = require "perilune.vim.tags"
local task = require "perilune.c.task"

local REST_LOGIN = "POST /rest/com/vmware/cis/session"

local lab -- the server of the present test
local numbers = {}
for i = 1, 200 do numbers[i] = i end

local function test(name, fn)
  t.test(name, function()
    lab = server.start { "-username", "user", "-password", "right" }
    fn()
  end)
end

--- A target of targets.lua's text.
local function target_of(fields, values)
  local path = t.tmpdir() .. "/targets.lua"
  local file = assert(io.open(path, "w"))
  file:write(('target "lab" { url = %q, ca_file = %q, %s }'):format(lab.env.GOVC_URL, lab.ca_file, fields))
  file:close()
  return require("perilune.vim.target").find {
    name = "lab", files = { path }, env = function(name) return values and values[name] end,
  }
end

local function open(fields, values)
  local vc = connection.open(target_of(fields, values))
  t.cleanup(function() vc:close() end)
  return vc
end

local function password_target(password)
  return lab:target { GOVC_USERNAME = "user", GOVC_PASSWORD = password or "right" }
end

local function log_in()
  local vc = connection.open(password_target())
  t.cleanup(function() vc:close() end)
  return vc
end

--- Ends a session as an administrator would.
local function terminate(vc)
  lab:govc("session.rm", vc.session_key)
end

-- A session of somebody else ----------------------------------------------------------------------------------

test("a session that was given is used, and is alive after", function()
  local owner = log_in()
  local cookie = owner.session:ready()
  for _, value in ipairs { cookie, (cookie:match "=(.*)"), cookie .. "; Path=/; HttpOnly\n" } do
    lab:reset_requests()
    local vc = open("session = secret.env \"S\"", { S = value })
    t.equal(vc.user, "user")
    t.equal(#vc:find { type = "VirtualMachine" }, 4)
    vc:close()
    t.equal({ lab:requests().soap.Login, lab:requests().soap.Logout }, {})
  end
  owner:current_time()
  t.equal(owner:stats().logins, 1)
end)

test("a session that is not known is refused, and the message says what to do but not the session", function()
  local e = t.raises(function() open("session = secret.env \"S\"", { S = "not-a-session" }) end, "vim.login")
  t.match(tostring(e), "lab: the server does not know the session")
  t.match(tostring(e), "session from S")
  t.is_nil(tostring(e):find("not-a-session", 1, true))
  t.equal(err.exit_code(e), 4)
end)

test("a session that was given and has ended is not renewed", function()
  local owner = log_in()
  local vc = open("session = secret.env \"S\"", { S = (owner.session:ready()) })
  terminate(owner)
  lab:reset_requests()
  local failures = scope.parallel(20, numbers, function()
    local ok, e = pcall(vc.current_time, vc)
    return not ok and err.has(e, "vim.login") and tostring(e)
  end)
  t.equal(#failures, 200)
  for _, message in ipairs(failures) do t.match(message, "does not know the session") end
  t.is_nil(lab:requests().soap.Login)
end)

test("REST wants a session of its own kind beside one of SOAP, and leaves that alive too", function()
  local owner = log_in()
  tags.categories(owner)
  local values = { S = (owner.session:ready()), R = (owner.rest_session:ready()) }
  local poor = open('session = secret.env "S"', values)
  t.match(tostring(t.raises(function() tags.categories(poor) end, "vim.rest")), "rest_session")
  lab:reset_requests()
  local vc = open('session = secret.env "S", rest_session = secret.env "R"', values)
  tags.categories(vc)
  vc:close()
  tags.categories(owner)
  local rest = lab:requests().rest
  t.equal({ rest[REST_LOGIN], rest["DELETE /rest/com/vmware/cis/session"] }, {})
end)

-- A ticket ------------------------------------------------------------------------------------------------------

test("a clone ticket gives a session of its own, which is ended", function()
  local owner = log_in()
  local ticket = owner.content.sessionManager:AcquireCloneTicket()
  local before = lab:sessions()
  local vc = open('clone_ticket = secret.env "T"', { T = ticket })
  t.equal(vc.user, "user")
  t.equal(#vc:find { type = "VirtualMachine" }, 4)
  vc:close()
  t.equal(lab:sessions(), before - 1) -- the simulator counts an open ticket as a session
  owner:current_time()
end)

test("a ticket works once: a second use and a renewal are refused, with what to do", function()
  local owner = log_in()
  local ticket = owner.content.sessionManager:AcquireCloneTicket()
  local vc = open('clone_ticket = secret.env "T"', { T = ticket })
  local e = t.raises(function() open('clone_ticket = secret.env "T"', { T = ticket }) end, "vim.login")
  t.match(tostring(e), "the clone ticket is refused")
  t.match(tostring(e), "AcquireCloneTicket")
  t.is_nil(tostring(e):find(ticket, 1, true))
  terminate(vc)
  t.match(tostring(t.raises(function() vc:current_time() end, "vim.login")), "its ticket works only once")
end)

-- Passwords -----------------------------------------------------------------------------------------------------

test("200 tasks whose session ended renew it once, REST's too", function()
  local vc = log_in()
  tags.categories(vc)
  terminate(vc)
  vc:request("rest", {
    url = vc.target.origin .. "/rest/com/vmware/cis/session", method = "DELETE",
    headers = { ["vmware-api-session-id"] = vc.rest_session:ready() },
  }):close()
  lab:reset_requests()
  scope.parallel(200, numbers, function(i)
    if i % 2 == 0 then tags.categories(vc) else vc:current_time() end
  end)
  t.equal({ lab:requests().soap.Login, lab:requests().rest[REST_LOGIN] }, { 1, 1 })
end)

test("a password that became wrong is tried once by 200 tasks of SOAP and REST together", function()
  local vc = log_in()
  tags.categories(vc)
  terminate(vc)
  vc:request("rest", {
    url = vc.target.origin .. "/rest/com/vmware/cis/session", method = "DELETE",
    headers = { ["vmware-api-session-id"] = vc.rest_session:ready() },
  }):close()
  lab:rules {
    { method = "Login", action = { fault = "InvalidLogin" } },
    { method = REST_LOGIN, action = { fault = "unauthenticated", status = 401 } },
  }
  lab:reset_requests()
  scope.parallel(200, numbers, function(i)
    t.raises(function()
      if i % 2 == 0 then tags.categories(vc) else vc:current_time() end
    end, "vim.login")
  end)
  local seen = lab:requests()
  lab:rules {}
  t.equal((seen.soap.Login or 0) + (seen.rest[REST_LOGIN] or 0), 1)
end)

test("REST does not try a password that SOAP found wrong", function()
  local vc = log_in()
  terminate(vc)
  lab:rules { { method = "Login", action = { fault = "InvalidLogin" } } }
  t.raises(function() vc:current_time() end, "vim.login")
  lab:rules {}
  lab:reset_requests()
  t.raises(function() tags.categories(vc) end, "vim.login")
  t.equal(lab:requests().total, 0)
end)

test("who is cancelled while it renews the session takes nobody with it", function()
  local vc = log_in()
  terminate(vc)
  lab:rules { { method = "Login", times = 1, action = { delayMs = 200 } } }
  lab:reset_requests()
  local waiting = 0
  scope.all {
    function()
      t.raises(function() scope.timeout(0.05, vc.current_time, vc) end, "task.timeout")
    end,
    function()
      scope.parallel(20, { table.unpack(numbers, 1, 20) }, function()
        task.sleep(0.02)
        vc:current_time()
        waiting = waiting + 1
      end)
    end,
  }
  lab:rules {}
  t.equal({ waiting, lab:requests().soap.Login }, { 20, 1 })
end)

test("a script that catches a wrong password and tries again sends it once", function()
  local path = t.tmpdir() .. "/again.lua"
  local file = assert(io.open(path, "w"))
  file:write "for _ = 1, 5 do print(pcall(vcenter)) end all { function() pcall(vcenter) end, vcenter }"
  file:close()
  lab:reset_requests()
  lab.env.GOVC_PASSWORD = "wrong"
  local result = lab:perilune("run", path)
  lab.env.GOVC_PASSWORD = "right"
  t.equal(result.status, 4, result.stderr)
  t.equal(lab:requests().soap.Login, 1)
end)

test("who is cancelled while it opens the connection leaves that to the others", function()
  local path = t.tmpdir() .. "/cancelled.lua"
  local file = assert(io.open(path, "w"))
  file:write [[
    local function impatient() print(pcall(timeout, 0.1, vcenter)) end
    local function patient() sleep(0.05) print(#vcenter():find { type = "VirtualMachine" }) end
    all { impatient, patient, patient, patient }
  ]]
  file:close()
  lab:rules { { method = "Login", times = 1, action = { delayMs = 400 } } }
  local result = lab:perilune("run", path)
  t.equal(result.status, 0, result.stderr)
  t.match(result.stdout, "it took longer than 0.1 s")
  t.equal(select(2, result.stdout:gsub("%f[%d]4\n", "")), 3)
  t.equal(lab:sessions(), 0)
end)
