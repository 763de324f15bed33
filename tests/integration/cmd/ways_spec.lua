--- The ways to a server: proxies of both kinds, addresses of both kinds, user names as people write them.
local server = require "tests.support.server"
local t = require "tests.support.spec"

--- Starts a proxy; returns its host and port, and it.
local function proxy(...)
  local program = (os.getenv "BUILD" or "build") .. "/unit/support/http_peer"
  local peer = t.background { program, ... }
  peer:wait_for "url "
  return peer:text("stdout"):match "url (%S+)", peer
end

local NONE = {
  https_proxy = false, HTTPS_PROXY = false, http_proxy = false, all_proxy = false, ALL_PROXY = false,
  no_proxy = false, NO_PROXY = false,
}

--- Runs a script that connects, in an environment.
local function connect(env, ...)
  local path = t.tmpdir() .. "/connect.lua"
  local file = assert(io.open(path, "w"))
  file:write "print(vcenter().about.apiType)"
  file:close()
  local command = { "build/perilune", "run", "-vv", path, ... }
  command.env = {}
  for _, values in ipairs { NONE, env } do
    for name, value in pairs(values) do command.env[name] = value end
  end
  local result = t.command(command)
  return result, result.stdout .. result.stderr
end

--- The environment of a server, and more.
local function env_of(vc, more)
  local env = {}
  for _, values in ipairs { vc.env, more or {} } do
    for name, value in pairs(values) do env[name] = value end
  end
  return env
end

local function place_of(vc)
  return vc.env.GOVC_URL:match "//([^/]+)"
end

--- The program got in, and by which proxy.
local function expect_through(vc, env, peer, secret)
  local result, text = connect(env_of(vc, env))
  t.equal({ result.status, result.stdout }, { 0, "VirtualCenter\n" }, text)
  peer:wait_for("asked " .. place_of(vc))
  if secret then t.is_nil(text:find(secret, 1, true), text) end
end



t.test("goes through the proxies that the environment names, with and without a login", function()
  local vc = server.start()
  local plain, peer = proxy "connect"
  expect_through(vc, { HTTPS_PROXY = "http://" .. plain }, peer)
  plain, peer = proxy("connect", "LAB\\me", "hid@den")
  expect_through(vc, { https_proxy = ("http://LAB%%5Cme:hid%%40den@%s"):format(plain) }, peer, "den@")
  plain, peer = proxy("socks5", "me", "hid@den")
  expect_through(vc, { ALL_PROXY = ("socks5h://me:hid%%40den@%s"):format(plain) }, peer, "den@")
end)

t.test("a host of NO_PROXY needs none", function()
  local mine = server.start()
  local result, text = connect(env_of(mine, { HTTPS_PROXY = "http://127.0.0.1:1", NO_PROXY = "10.0.0.1,127.0.0.0/8" }))
  t.equal(result.status, 0, text)
end)

t.test("a target's own proxy counts instead, and false is none", function()
  local mine = server.start()
  local place, peer = proxy("connect", "me", "hidden")
  local home = t.tmpdir()
  local function with(field)
    local file = assert(io.open(home .. "/targets.lua", "w"))
    file:write(('target "lab" { url = %q, user = %q, password = secret.env "P", ca_file = %q, %s }'):format(
      mine.env.GOVC_URL, mine.env.GOVC_USERNAME, mine.ca_file, field))
    file:close()
    local env = env_of(mine, {
      P = mine.env.GOVC_PASSWORD, PROXY_PASSWORD = "hidden", HTTPS_PROXY = "http://127.0.0.1:1", XDG_CONFIG_HOME = home,
    })
    os.execute(("mkdir -p %s/perilune && cp %s/targets.lua %s/perilune/"):format(home, home, home))
    return connect(env, "-t", "lab")
  end
  local result, text = with "proxy = false"
  t.equal(result.status, 0, text)
  result, text = with(('proxy = "http://me@%s", proxy_password = secret.env "PROXY_PASSWORD"'):format(place))
  t.equal(result.status, 0, text)
  t.is_nil(text:find("hidden", 1, true))
  peer:wait_for "asked "
  result, text = with(('proxy = "http://you:hidden@%s"'):format(place))
  t.equal(result.status, 1)
  t.match(text, "a secret does not belong in this file")
  t.is_nil(text:find("hidden", 1, true))
  result, text = with(('proxy = "http://%s"'):format(place))
  t.equal(result.status, 4)
  t.find(text, "the proxy [%d.:]+ %(from .*targets%.lua:1%) wants a user name and a password")
  result, text = with ""
  t.equal(result.status, 4)
  t.match(text, "the proxy 127.0.0.1:1 (from HTTPS_PROXY) cannot be reached")
end)

t.test("a login that the proxy refuses is told without its password", function()
  local mine = server.start()
  local place = proxy("connect", "me", "right")
  local result, text = connect(env_of(mine, { HTTPS_PROXY = ("http://me:hidden@%s"):format(place) }))
  t.equal(result.status, 4)
  t.match(text, "(from HTTPS_PROXY) refuses our user name or password")
  t.is_nil(text:find("hidden", 1, true))
end)

local has_ipv6 = os.execute "grep -q '^0*1 ' /proc/net/if_inet6 2>/dev/null" == true

local function ipv6(name, fn)
  if has_ipv6 then return t.test(name, fn) end
  t.skip(name, "this machine has no ::1, so IPv6 is NOT TESTED")
end

ipv6("an IPv6 address stands in brackets, with and without a proxy", function()
  local mine = server.start { "-l", "[::1]:0" }
  t.find(mine.env.GOVC_URL, "^https://%[::1%]:%d+/sdk$")
  local result, text = connect(mine.env)
  t.equal({ result.status, result.stdout }, { 0, "VirtualCenter\n" }, text)
  for _, kind in ipairs { "connect", "socks5" } do
    local place, peer = proxy(kind)
    local scheme = kind == "connect" and "http" or "socks5h"
    result, text = connect(env_of(mine, { HTTPS_PROXY = ("%s://%s"):format(scheme, place) }))
    t.equal(result.status, 0, text)
    peer:wait_for "asked "
  end
end)

-- The simulator's single sign-on knows "me" as me@vsphere.local, too.
for user, case in pairs {
  ["LAB\\me"] = { known_as = "LAB\\me", written = { "LAB%5Cme", "LAB%5cme", "LAB\\me" } },
  ["me@vsphere.local"] = { known_as = "me", written = { "me%40vsphere.local" } },
} do
  t.test(("the user %s may stand in the URL"):format(user), function()
    local mine = server.start { "-username", case.known_as, "-password", "p@ss:/" }
    local place = place_of(mine)
    for _, name in ipairs(case.written) do
      for _, form in ipairs { "https://%s:p%%40ss%%3A%%2F@%s/sdk", "%s:p%%40ss%%3a%%2f@%s" } do
        local env = { GOVC_URL = form:format(name, place), GOVC_TLS_CA_CERTS = mine.ca_file }
        local result, text = connect(env)
        t.equal({ result.status, result.stdout }, { 0, "VirtualCenter\n" }, text)
      end
    end
    local result, text = connect {
      PERILUNE_URL = place, PERILUNE_USER = user, PERILUNE_PASSWORD = "p@ss:/", PERILUNE_CA_FILE = mine.ca_file,
    }
    t.equal(result.status, 0, text)
  end)
end
