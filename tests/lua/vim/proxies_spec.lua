local proxies = require "perilune.vim.proxies"
local secret = require "perilune.util.secret"
local t = require "tests.support.spec"

--- The options that a pool gets, for a target's settings and an environment.
local function options(settings, env)
  settings.source = settings.source or {}
  return proxies.options(proxies.find(settings, function(name) return (env or {})[name] end), {})
end

t.test("the environment's proxies have the names of their variables", function()
  t.equal(options({}, { HTTPS_PROXY = "s:1", http_proxy = "p:2", NO_PROXY = ".lab" }), {
    proxy = "s:1", proxy_source = "HTTPS_PROXY",
    plain_proxy = "p:2", plain_proxy_source = "http_proxy", no_proxy = ".lab",
  })
end)

t.test("lower case goes before upper, one scheme's before all's, and empty is unset", function()
  t.equal(options({}, { https_proxy = "a", HTTPS_PROXY = "b", ALL_PROXY = "c" }).proxy, "a")
  t.equal(options({}, { https_proxy = "", HTTPS_PROXY = "b", ALL_PROXY = "c" }).proxy_source, "HTTPS_PROXY")
  t.equal(options({}, { ALL_PROXY = "c" }), {
    proxy = "c", proxy_source = "ALL_PROXY", plain_proxy = "c", plain_proxy_source = "ALL_PROXY",
  })
end)

t.test("HTTP_PROXY is not believed: a request to a web server can set it", function()
  t.equal(options({}, { HTTP_PROXY = "evil:1" }), {})
end)

t.test("a target's own proxy is for all hosts, whatever the environment says", function()
  local found = options({ proxy = "socks5h://p:1", source = { proxy = "targets.lua:4" } },
    { HTTPS_PROXY = "s:1", NO_PROXY = "*" })
  t.equal(found, {
    proxy = "socks5h://p:1", proxy_source = "targets.lua:4",
    plain_proxy = "socks5h://p:1", plain_proxy_source = "targets.lua:4",
  })
end)

t.test("proxy = false is none", function()
  t.equal(options({ proxy = false }, { HTTPS_PROXY = "s:1" }), {})
end)

t.test("a password given apart is put into the URL, encoded", function()
  local password = secret.new "p@ss:/%"
  t.equal(options({ proxy = "http://LAB%5Cme@p:1", proxy_password = password }).proxy,
    "http://LAB%5Cme:p%40ss%3A%2F%25@p:1")
  t.equal(options({ proxy = "me@p:1", proxy_password = password }).proxy, "http://me:p%40ss%3A%2F%25@p:1")
  t.raises(function() options { proxy = "http://p:1", proxy_password = password } end, "target.invalid")
end)

t.test("a proxy cannot be printed before it is used", function()
  local found = proxies.find({ source = {} }, function(name)
    return name == "HTTPS_PROXY" and "http://me:hidden@p:1" or nil
  end)
  t.equal(tostring(found.proxy), "(secret)")
end)
