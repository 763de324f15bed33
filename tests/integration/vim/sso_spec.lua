--- Logging in with tokens and as an extension. The server verifies signatures, lifetimes and keys with Go's own
--- cryptography (tests/server/internal/sso).
local connection = require "perilune.vim.connection"
local err = require "perilune.err"
local scope = require "perilune.util.scope"
local security = require "perilune.vim.login.security"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local tags = require "perilune.vim.tags"

local REST_LOGIN = "POST /rest/com/vmware/cis/session"

local lab, keys -- of the present test

local function openssl(...)
  local result = t.command { "openssl", ... }
  if result.status ~= 0 then error(result.stderr) end
end

--- A certificate with its key: NAME.crt, NAME.key.
local function make_key(name)
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" .. name,
    "-keyout", ("%s/%s.key"):format(keys, name), "-out", ("%s/%s.crt"):format(keys, name))
end

local function test(name, fn)
  t.test(name, function()
    keys = t.tmpdir()
    make_key "robot"
    lab = server.start {
      "-username", "user", "-password", "right <&> \"'", "-sso-users", keys .. "/robot.crt", "-tunnel", "127.0.0.1:0",
    }
    lab.env.GOVC_PASSWORD = "right <&> \"'"
    fn()
  end)
end

local PASSWORD = 'user = "user", password = secret.env "P", sso = true'
local CERTIFICATE = "cert = KEYS .. '/robot.crt', key = KEYS .. '/robot.key'"

local function target_of(fields, values)
  local path = t.tmpdir() .. "/targets.lua"
  local file = assert(io.open(path, "w"))
  file:write(('local KEYS = %q target "lab" { url = %q, ca_file = %q, %s }'):format(
    keys, lab.env.GOVC_URL, lab.ca_file, fields))
  file:close()
  values = values or {}
  values.P = values.P or "right <&> \"'"
  return require("perilune.vim.target").find {
    name = "lab", files = { path }, env = function(name) return values[name] end,
  }
end

local function open(fields, values)
  local vc = connection.open(target_of(fields, values))
  t.cleanup(function() vc:close() end)
  return vc
end

--- Everything that a login is for, and its end.
local function use(vc, user)
  t.equal(#vc:find { type = "VirtualMachine" }, 4)
  tags.categories(vc)
  local seen = lab:requests()
  t.equal({ seen.soap.Login, seen.soap.LoginByToken, seen.rest[REST_LOGIN] }, { [2] = 1, [3] = 1 })
  local users = {}
  for _, session in ipairs(lab:govc_json("session.ls").sessionList) do users[session.userName] = true end
  t.is_true(users[user], user)
  vc:close()
  t.equal(lab:sessions(), 0)
  t.equal(lab:requests().rest["DELETE /rest/com/vmware/cis/session"], 1)
  return seen
end

--- A token as another tool hands it out.
local function govc_token(...)
  return lab:govc("session.login", "-issue", ...)
end

-- Asking for a token ------------------------------------------------------------------------------------------

test("a password becomes a token, which logs in to SOAP and to REST", function()
  lab:reset_requests()
  local vc = open(PASSWORD)
  t.equal(use(vc, "user@vsphere.local").soap.RequestSecurityToken, 1)
end)

test("a certificate becomes a token that is bound to its key", function()
  lab:reset_requests()
  t.equal(use(open(CERTIFICATE), "robot@vsphere.local").soap.RequestSecurityToken, 1)
end)

test("a password with a certificate gives the user a token that is bound to the key", function()
  lab:reset_requests()
  make_key "other"
  use(open(PASSWORD .. ", cert = KEYS .. '/other.crt', key = KEYS .. '/other.key'"), "user@vsphere.local")
end)

test("a wrong password is sent once, and the message has no secret", function()
  lab:reset_requests()
  local e = t.raises(function() open(PASSWORD, { P = "hunter2" }) end, "vim.login")
  t.match(tostring(e), "single sign-on refuses user name or password of user")
  t.match(tostring(e), "password from P")
  t.is_nil(tostring(e):find "hunter2")
  t.equal(err.exit_code(e), 4)
  t.equal(lab:requests().soap.RequestSecurityToken, 1)
end)

test("a password that became wrong is sent once more at the renewal, by SOAP and REST together", function()
  local vc = open(PASSWORD)
  vc.sso_token.seconds = 0 -- as if it had ended
  vc.target.password = require("perilune.util.secret").new "changed"
  lab:govc("session.rm", vc.session_key)
  lab:reset_requests()
  local numbers = {}
  for i = 1, 50 do numbers[i] = i end
  scope.parallel(50, numbers, function(i)
    t.raises(function() if i % 2 == 0 then vc:current_time() else tags.categories(vc) end end, "vim.login")
  end)
  t.equal(lab:requests().soap.RequestSecurityToken, 1)
end)

test("a session that ended is renewed with the token while that lasts, then with a new one", function()
  local vc = open(CERTIFICATE)
  lab:reset_requests()
  lab:govc("session.rm", vc.session_key)
  vc:current_time()
  t.equal({ lab:requests().soap.LoginByToken, lab:requests().soap.RequestSecurityToken }, { 1 })
  lab:govc("session.rm", vc.session_key)
  vc.sso_token.seconds = 10
  vc:current_time()
  t.equal({ lab:requests().soap.LoginByToken, lab:requests().soap.RequestSecurityToken }, { 2, 1 })
end)

test("a certificate that single sign-on does not know is refused by name", function()
  make_key "stranger"
  local e = t.raises(function()
    open "cert = KEYS .. '/stranger.crt', key = KEYS .. '/stranger.key'"
  end, "vim.login")
  t.match(tostring(e), "single sign-on refuses the certificate " .. keys .. "/stranger.crt")
end)

test("a request whose time is wrong is refused with what to do about the clock", function()
  local moment = security.moment
  security.moment = function(seconds) return moment(seconds - 3600) end
  t.cleanup(function() security.moment = moment end)
  local e = t.raises(function() open(PASSWORD) end, "vim.login")
  t.match(tostring(e), "single sign-on gives user no token")
  t.match(tostring(e), "lifetime interval")
end)

test("what is signed cannot be changed on the way", function()
  local sign = security.envelope
  t.cleanup(function() security.envelope = sign end)
  security.envelope = function(request)
    return (sign(request):gsub("<Delegatable>false", "<Delegatable>true"))
  end
  local e = t.raises(function() open(CERTIFICATE) end, "vim.login")
  t.match(tostring(e), "the digest of Body is not that of the signature")
end)

test("where there is no token service the message says so", function()
  local e = t.raises(function()
    open('user = "user", password = secret.env "P", sso = "' .. lab.env.GOVC_URL:gsub("/sdk$", "") .. '/sts/nothing"')
  end, "http.status")
  t.match(tostring(e), "no token service is there")
end)

-- Tokens of other tools ----------------------------------------------------------------------------------------

test("a token that govc got logs in to SOAP and REST", function()
  local token = govc_token()
  lab:reset_requests()
  use(open('token = secret.env "T"', { T = token }), "user@vsphere.local")
end)

test("a token that is bound to a key needs that key", function()
  local token = govc_token("-cert", keys .. "/robot.crt",
    "-key", keys .. "/robot.key")
  local e = t.raises(function() open('token = secret.env "T"', { T = token }) end, "vim.login")
  t.match(tostring(e), "give its certificate and key as cert and key")
  make_key "other"
  local other = "cert = KEYS .. '/other.crt', key = KEYS .. '/other.key'"
  e = t.raises(function() open('token = secret.env "T", ' .. other, { T = token }) end, "vim.login")
  t.match(tostring(e), "another certificate than " .. keys .. "/other.crt")
  lab:reset_requests()
  use(open('token = secret.env "T", ' .. CERTIFICATE, { T = token }), "user@vsphere.local")
end)

test("a token that was changed is refused, and the message does not show it", function()
  local token = govc_token():gsub("user@vsphere.local", "root@vsphere.local")
  local e = t.raises(function() open('token = secret.env "T"', { T = token }) end, "vim.login")
  t.match(tostring(e), "the token of root@vsphere.local is refused")
  t.match(tostring(e), "token from T; it ends at 2")
  t.is_nil(tostring(e):find "saml2")
end)

test("a token that has ended is refused with its end", function()
  local token = govc_token("-lifetime", "1s")
  while true do
    local ok, e = pcall(open, 'token = secret.env "T"', { T = token })
    if not ok then
      t.match(tostring(e), "it ended at 2")
      t.match(tostring(e), "get a new token")
      break
    end
    require("perilune.c.task").sleep(0.2)
  end
end)

test("what is no token is refused before anything is sent", function()
  lab:reset_requests()
  local e = t.raises(function() open('token = secret.env "T"', { T = "eyJhbGciOiJ" }) end, "vim.login")
  t.match(tostring(e), "the token cannot be read")
  t.is_nil(tostring(e):find "eyJhb")
  t.is_nil(lab:requests().soap.LoginByToken)
end)

-- Extensions ---------------------------------------------------------------------------------------------------

local EXTENSION = "com.vmware.govmomi.simulator"

--- Registers a certificate for the simulator's extension; returns the fields of a target.
local function register(name)
  local vc <close> = connection.open(lab:target { GOVC_USERNAME = "user", GOVC_PASSWORD = "right <&> \"'" })
  local file = assert(io.open(("%s/%s.crt"):format(keys, name)))
  vc.content.extensionManager:SetExtensionCertificate { extensionKey = EXTENSION, certificatePem = file:read "a" }
  file:close()
  return ("extension = %q, tunnel = %q"):format(EXTENSION, lab:variable "PERILUNE_TUNNEL")
end

test("an extension logs in with its certificate through the tunnel", function()
  local fields = register "robot"
  lab:reset_requests()
  local vc = open(fields .. ", " .. CERTIFICATE, { NO_PROXY = "127.0.0.1", HTTPS_PROXY = "http://127.0.0.1:1" })
  t.equal(vc.user, EXTENSION)
  t.equal(#vc:find { type = "VirtualMachine" }, 4)
  lab:govc("session.rm", vc.session_key)
  vc:current_time()
  t.match(tostring(t.raises(function() tags.categories(vc) end, "vim.rest")), "no login for the REST services")
  vc:close()
  t.equal({ lab:sessions(), lab:requests().soap.LoginExtensionByCertificate }, { 0, 2 })
end)

test("another certificate than the extension's is refused, once, with what to do", function()
  local fields = register "robot"
  make_key "other"
  lab:reset_requests()
  local e = t.raises(function()
    open(fields .. ", cert = KEYS .. '/other.crt', key = KEYS .. '/other.key'")
  end, "vim.login")
  t.match(tostring(e), "is not that of the extension " .. EXTENSION)
  t.match(tostring(e), "SetExtensionCertificate")
  t.equal(lab:requests().soap.LoginExtensionByCertificate, 1)
end)

test("a tunnel that is not there is named", function()
  local e = t.raises(function()
    open(("extension = %q, tunnel = '127.0.0.1:1', %s"):format(EXTENSION, CERTIFICATE))
  end, "http.connect")
  t.match(tostring(e), "127.0.0.1:1")
  t.match(tostring(e), 'tunnel = "host:port" names another way there')
end)

test("the tunnel's certificate is held against the vCenter's name", function()
  local fields = register "robot"
  local target = target_of(fields .. ", " .. CERTIFICATE)
  target.ca_files = {}
  t.raises(function() connection.open(target) end, "tls.untrusted")
end)
