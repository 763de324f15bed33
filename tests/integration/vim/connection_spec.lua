local connection = require "perilune.vim.connection"
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local function numbers(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list
end

--- How many sessions the server has besides the witness's own.
local function sessions(lab)
  local count = 0
  for _, one in ipairs(lab:govc_json("session.ls").sessionList) do
    if not one.userAgent:find "govc" then count = count + 1 end
  end
  return count
end

local function terminate(lab, vc)
  lab:govc("session.rm", vc.session_key)
end

t.test("logs in once and knows what it talks to", function()
  local lab = server.start {}
  local vc = lab:connect()
  t.equal(vc.about.apiType, "VirtualCenter")
  t.equal({ vc.user, vc.name, vc.host }, { "user", "127.0.0.1", "127.0.0.1" })
  t.equal(lab:requests().soap.Login, 1)
  t.equal(vc:stats().requests, 0)
  t.equal(sessions(lab), 1)
end)

t.test("speaks the newest version that both know", function()
  t.equal(server.start({ "-api-version", "7.0.3.0" }):connect().api_version, "7.0.3.0")
end)

t.test("closing logs out, of SOAP and of REST", function()
  local lab = server.start {}
  local vc = lab:connect()
  require("perilune.vim.tags").categories(vc)
  vc:close()
  t.equal(sessions(lab), 0)
  t.equal(lab:requests().rest["DELETE /rest/com/vmware/cis/session"], 1)
  t.raises(function() vc:find { type = "VirtualMachine" } end, "vim.session")
end)

t.test("an error on the way out logs out all the same", function()
  local lab = server.start {}
  t.raises(function()
    local vc <close> = connection.open(lab:target()) -- luacheck: ignore 211
    error "on purpose"
  end)
  t.equal(sessions(lab), 0)
end)

t.test("whoever is cancelled in the middle of a call logs out", function()
  local lab = server.start {}
  lab:rules { { method = "CurrentTime", times = 1, action = { delayMs = 60000 } } }
  t.raises(function()
    scope.timeout(0.3, function()
      local vc <close> = connection.open(lab:target())
      vc:current_time()
    end)
  end, "task.timeout")
  t.equal(sessions(lab), 0)
end)

t.test("whoever is cancelled in the middle of the login leaves no session", function()
  local lab = server.start { "-method-delay", "Login:300" }
  t.raises(function() scope.timeout(0.2, connection.open, lab:target()) end, "task.timeout")
  t.equal(lab:requests().soap.Login, 1)
  t.equal(sessions(lab), 0)
end)

-- Wrong passwords -------------------------------------------------------------------------------------------

t.test("a wrong password is tried once, and the message says where it came from", function()
  local lab = server.start { "-username", "user", "-password", "right" }
  local e = t.raises(function() connection.open(lab:target { GOVC_PASSWORD = "not-right" }) end, "vim.login")
  t.match(tostring(e), "wrong user name or password for user")
  t.match(tostring(e), "user from GOVC_USERNAME, password from GOVC_PASSWORD")
  t.is_nil(tostring(e):find "not%-right")
  t.equal(err.exit_code(e), 4)
  t.equal(lab:requests().soap.Login, 1)
end)

t.test("a password that became wrong meanwhile is tried once by all tasks together", function()
  local lab = server.start {}
  local vc = lab:connect()
  terminate(lab, vc)
  lab:rules { { method = "Login", action = { fault = "InvalidLogin" } } }
  lab:reset_requests()
  scope.parallel(20, numbers(20), function()
    t.raises(function() vc:current_time() end, "vim.login")
  end)
  t.equal(lab:requests().soap.Login, 1)
end)

-- Renewal ---------------------------------------------------------------------------------------------------

t.test("a session that the server ended is renewed once for all tasks, reads and writes", function()
  local lab = server.start {}
  local vc = lab:connect()
  local vms = vc:find { type = "VirtualMachine" }
  terminate(lab, vc)
  lab:reset_requests()
  scope.all {
    function() scope.parallel(20, numbers(20), function() vc:current_time() end) end,
    function() scope.parallel(4, vms, function(vm) vm:PowerOffVM_Task():await() end) end,
    function() t.equal(#vc:find { type = "VirtualMachine" }, 4) end,
    function() t.equal(vms[1]:get "name", "DC0_H0_VM0") end,
  }
  t.equal(lab:requests().soap.Login, 1)
  t.equal(vc:stats().logins, 2)
  t.equal(#vc:find { type = "VirtualMachine", where = { ["runtime.powerState"] = "poweredOff" } }, 4)
end)

t.test("a REST session that the server ended is renewed once", function()
  local tags = require "perilune.vim.tags"
  local lab = server.start {}
  local vc = lab:connect()
  tags.categories(vc)
  local token = vc.rest_session:ready()
  vc:request("rest", {
    url = vc.target.origin .. "/rest/com/vmware/cis/session", method = "DELETE",
    headers = { ["vmware-api-session-id"] = token },
  }):close()
  lab:reset_requests()
  scope.parallel(10, numbers(10), function() tags.categories(vc) end)
  t.equal(lab:requests().rest["POST /rest/com/vmware/cis/session"], 1)
end)

t.test("an idle session is kept alive", function()
  local lab = server.start {}
  local target = lab:target()
  target.keep_alive = 0.05
  local vc <close> = connection.open(target)
  while (lab:requests().soap.CurrentTime or 0) < 2 do task.sleep(0.02) end
  t.equal(vc:stats().logins, 1)
end)

-- Operation ids ---------------------------------------------------------------------------------------------

t.test("requests carry the operation id of their task, and of the task that started it", function()
  local lab = server.start {}
  local vc = lab:connect()
  local seen = {}
  local send = vc.request
  function vc.request(self, kind, request)
    local id = request.body:match "<operationID[^>]*>([^<]*)<" or request.headers["X-Request-ID"]
    seen[#seen + 1] = id
    return send(self, kind, request)
  end
  vc:with_operation("run-7", function()
    vc:current_time()
    scope.parallel(1, { 1 }, function() require("perilune.vim.tags").of_category(vc, "none") end)
  end)
  vc:current_time()
  t.equal({ seen[1], seen[2], seen[3] }, { "run-7", "run-7", "run-7" })
  t.find(seen[#seen], "^perilune%-%x+$")
end)

-- What is no vSphere ----------------------------------------------------------------------------------------

t.test("a server that is no vSphere is told, with what answered", function()
  local lab = server.start {}
  local url = lab.env.GOVC_URL:gsub("/sdk$", "/rest/com/vmware/cis/session")
  local e = t.raises(function() connection.open(lab:target { GOVC_URL = url }) end, "vim.not_vsphere")
  t.match(tostring(e), "is no vSphere server")
  t.match(tostring(e), "status")
  t.equal(err.exit_code(e), 4)
end)

t.test("an unreachable host is an error of the connection", function()
  local lab = server.start {}
  local target = lab:target()
  lab:stop()
  local e = t.raises(function() connection.open(target) end, "http.connect")
  t.equal(err.exit_code(e), 4)
end)

t.test("an unknown certificate is refused", function()
  local lab = server.start {}
  local target = lab:target()
  target.ca_files = {}
  t.raises(function() connection.open(target) end, "tls.untrusted")
end)

t.test("a certificate is accepted by its thumbprint, and by no other", function()
  local lab = server.start {}
  local place = lab.env.GOVC_URL:match "//([^/]+)/"
  local line = ("openssl s_client -connect %s </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256")
  local thumbprint = t.command({ "sh", "-c", line:format(place) }).stdout:match "=(%S+)"
  local function values(thumb)
    return {
      PERILUNE_URL = lab.env.GOVC_URL, PERILUNE_USER = "user", PERILUNE_PASSWORD = "pass", PERILUNE_THUMBPRINT = thumb,
    }
  end
  t.equal(lab:connect(values(thumbprint)).about.apiType, "VirtualCenter")
  local other = thumbprint:gsub("^..", thumbprint:find "^00" and "01" or "00")
  t.raises(function() connection.open(lab:target(values(other))) end, "tls.pin")
end)

t.test("as many connections as were asked for work at once, and no more", function()
  local lab = server.start { "-vm", "0", "-method-delay", "QueryOptions:1500" }
  local function handshakes(calls, options)
    local vc <close> = connection.open(lab:target(), options)
    scope.parallel(calls, numbers(calls), function() vc.content.setting:QueryOptions { name = "config." } end)
    return vc:stats().handshakes
  end
  t.equal(handshakes(120, { connections = 100 }), 100)
  t.equal(handshakes(20, {}), 16)
end)
