local t = require "tests.support.spec"
local url = require "perilune.vim.url"

t.test("a bare host means https, port 443 and /sdk", function()
  t.equal(url.parse("vc.example", "GOVC_URL"), { scheme = "https", host = "vc.example", port = 443, path = "/sdk" })
end)

t.test("one trailing slash is cut, and another path is kept", function()
  t.equal(url.parse("https://vc.example/", "X").path, "/sdk")
  t.equal(url.parse("https://vc.example/sdk/", "X").path, "/sdk")
  t.equal(url.parse("https://vc.example/proxy/sdk", "X").path, "/proxy/sdk")
end)

t.test("user and password are decoded", function()
  local parts = url.parse("https://DOMAIN%5cme:p%40ss%3A@vc.example:8443/sdk", "X")
  t.equal({ parts.user, parts.password, parts.port }, { "DOMAIN\\me", "p@ss:", 8443 })
end)

t.test("a user without a password has none", function()
  local parts = url.parse("me@vc.example", "X")
  t.equal(parts.user, "me")
  t.is_nil(parts.password)
end)

t.test("an IPv6 address stands in brackets", function()
  local parts = url.parse("https://[::1]:8989/sdk", "X")
  t.equal({ parts.host, parts.port }, { "::1", 8989 })
  t.equal(url.origin(parts), "https://[::1]:8989")
end)

t.test("a host with a port needs no scheme", function()
  local parts = url.parse("vcenter.example:8443", "X")
  t.equal({ parts.scheme, parts.host, parts.port, parts.path }, { "https", "vcenter.example", 8443, "/sdk" })
  parts = url.parse("[fe80::1%25eth0]:8443", "X")
  t.equal({ parts.host, parts.port, url.origin(parts) }, { "fe80::1%25eth0", 8443, "https://[fe80::1%25eth0]:8443" })
end)

t.test("an IPv6 address without brackets is told how it is written", function()
  for _, text in ipairs { "https://::1/sdk", "fd00::12:8443", "https://me:pw@::1" } do
    local e = t.raises(function() url.parse(text, "X") end, "target.invalid")
    t.match(e.hint, "https://[::1]:8443/sdk")
  end
end)

t.test("the origin leaves out the usual port, the user and the password", function()
  t.equal(url.origin(url.parse("https://me:secret@vc.example:443/sdk", "X")), "https://vc.example")
  t.equal(url.origin(url.parse("http://vc.example:8080", "X")), "http://vc.example:8080")
end)

for what, text in pairs {
  ["a # in the password"] = "https://me:se#cret@vc.example/sdk",
  ["a / in the password"] = "https://me:se/cret@vc.example/sdk",
  ["a : in the password"] = "https://me:se:cret@vc.example/sdk",
  ["an @ in the password"] = "https://me:se@cret@vc.example/sdk",
  ["a % that encodes nothing"] = "https://me:se%cret@vc.example/sdk",
  ["a port that is none"] = "https://me:secret@vc.example:99999/sdk",
  ["another scheme"] = "ftp://me:secret@vc.example/sdk",
  ["no host"] = "https:///sdk",
} do
  t.test("refuses " .. what .. " and shows nothing of the URL", function()
    local e = t.raises(function() url.parse(text, "GOVC_URL") end, "target.invalid")
    t.match(tostring(e), "GOVC_URL")
    t.is_nil(tostring(e):find "cret")
  end)
end

t.test("says how to write what breaks a URL", function()
  local e = t.raises(function() url.parse("https://me:a#b@vc.example", "GOVC_URL") end, "target.invalid")
  t.match(e.hint, "percent-encoded")
end)
