--- Connections to a target and to the hosts beside it: each is believed by its own thumbprint.
local pool = require "perilune.vim.pool"
local t = require "tests.support.spec"

--- Starts a server with a certificate of its own making; returns its URL and its place.
local function serve()
  local program = (os.getenv "BUILD" or "build") .. "/unit/support/http_peer"
  local peer = t.background { program, "tls", env = { TMPDIR = t.tmpdir() } }
  peer:wait_for "url "
  local url = peer:text("stdout"):match "url (%S+)"
  return url, url:match "//(.*)$"
end

local function target_of(known)
  local path = t.tmpdir() .. "/known"
  local file = assert(io.open(path, "w"))
  file:write(known)
  file:close()
  return {
    proxies = {}, ca_files = {}, thumbprints = { ("00"):rep(32) }, thumbprint_source = "the target",
    trust_command = "trust", known_files = { path },
  }, path
end

local function get(connections, url)
  return connections:request({ url = url .. "/text" }):text()
end

t.test("the thumbprint of the target is not that of another host", function()
  local url, place = serve()
  local target = target_of ""
  local own <close> = pool.open(target)
  local e = t.raises(function() get(own, url) end, "tls.pin")
  t.match(e.message, "of the target")
  local other <close> = pool.elsewhere(target, url)
  t.raises(function() get(other, url) end, "tls.untrusted")
  local leaf = other:certificates()[1]
  local known, path = target_of(place .. " " .. leaf.sha256 .. "\n")
  local believed <close> = pool.elsewhere(known, url)
  t.equal(get(believed, url), "hello")
  known = target_of(("%s %s\n"):format(place, ("11"):rep(32)))
  local changed <close> = pool.elsewhere(known, url)
  e = t.raises(function() get(changed, url) end, "tls.pin")
  t.match(e.message, known.known_files[1] .. ":1")
  t.is_true(path ~= known.known_files[1])
end)

t.test("what the target told of another host counts before what is known of it", function()
  local url, place = serve()
  local target = target_of(("%s %s\n"):format(place, ("11"):rep(32)))
  target.crl_files = { "/nonexistent.crl" }
  local first <close> = pool.elsewhere(target, url, { insecure = true })
  get(first, url)
  local leaf = first:certificates()[1]
  local told <close> = pool.elsewhere(target, url, { thumbprints = { leaf.sha1 }, thumbprint_source = "the lease" })
  t.equal(get(told, url), "hello")
end)
