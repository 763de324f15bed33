--- Requests that tasks wait for: what Lua gets, and that whatever ends a task ends its request.
local http = require "perilune.c.http"
local object = require "perilune.c.object"
local scope = require "perilune.util.scope"
local soap = require "perilune.c.soap"
local t = require "tests.support.spec"
local task = require "perilune.c.task"
local time = require "perilune.c.time"

--- Starts the server of these tests; returns its URL, and its authority if it speaks TLS.
local function serve(kind)
  local program = (os.getenv "BUILD" or "build") .. "/unit/support/http_peer"
  local peer = t.background { program, kind, env = { TMPDIR = t.tmpdir() } }
  peer:wait_for "url "
  local text = peer:text "stdout"
  return text:match "url (%S+)", text:match "ca (%S+)"
end

--- Runs fn(pool, url) with a pool on a new server.
local function with_pool(fn, options)
  return function()
    local url = serve()
    options = options or {}
    options.proxy = ""
    local pool <close> = http.pool(options)
    fn(pool, url)
  end
end

t.test("gives status, headers and text", with_pool(function(pool, url)
  local response = pool:request { url = url .. "/part" }
  t.equal(response.status, 200)
  t.equal({ response:header "x-a" }, { "1", "2" })
  t.equal({ response:header "nothing" }, {})
  response:close()
  t.equal(pool:request { url = url .. "/text" }:text(), "hello")
end))

t.test("sends method, headers and body", with_pool(function(pool, url)
  local text = pool:request {
    url = url .. "/echo", method = "PATCH", body = "a\0b", headers = { ["X-One"] = "1" },
  }:text()
  t.match(text, "PATCH /echo HTTP/1.1\r\n")
  t.match(text, "\r\nX-One: 1\r\n")
  t.match(text, "Content-Length: 3\r\n")
  t.equal(text:sub(-7), "\r\n\r\na\0b")
end))

t.test("reads in pieces, each bounded, until nil", with_pool(function(pool, url)
  local response = pool:request { url = url .. "/big" }
  local total, pieces = 0, 0
  while true do
    local bytes = response:read()
    if not bytes then break end
    t.is_true(#bytes <= 512 * 1024)
    total, pieces = total + #bytes, pieces + 1
  end
  t.equal(total, 8 * 1024 * 1024)
  t.is_true(pieces > 1)
  t.is_nil(response:read())
end))

t.test("gathers a large text", with_pool(function(pool, url)
  t.equal(#pool:request { url = url .. "/big" }:text(), 8 * 1024 * 1024)
end))

t.test("gives the bytes before a cut, then raises at each read", with_pool(function(pool, url)
  local response = pool:request { url = url .. "/cut" }
  t.equal(response:read(), "short")
  t.raises(function() response:read() end, "http.cut")
  t.raises(function() response:text() end, "http.cut")
end))

local RESULT = [[<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
  <CurrentTimeResponse xmlns="urn:vim25"><returnval>%s</returnval></CurrentTimeResponse></e:Body></e:Envelope>]]

t.test("feeds a decoder what comes, until false", with_pool(function(pool, url)
  local padding = (" "):rep(1024 * 1024) -- so that it comes in parts, and memory is passed to and fro
  local body = RESULT:format("2026-11-24T00:00:00Z") .. padding
  local response = pool:request { url = url .. "/body", method = "POST", body = body }
  local decoder = soap.decoder { space = object.space() }
  local parts = 0
  while response:feed(decoder) do
    parts = parts + 1
  end
  t.is_true(parts > 1)
  t.equal({ decoder:finish() }, { "result", time.parse "2026-11-24T00:00:00Z" })
  t.equal(response:feed(soap.decoder { space = object.space() }), false)
end))

t.test("what a decoder refuses, or is no decoder, leaves the response readable", with_pool(function(pool, url)
  local response = pool:request { url = url .. "/text" }
  local decoder = soap.decoder { space = object.space() }
  t.raises(function() response:feed() end)
  t.raises(function() response:feed(response) end)
  t.raises(function() response:feed(decoder) end, "soap.xml") -- it took the bytes
  t.raises(function() response:feed(decoder) end)
  t.is_nil(response:read())
end))

t.test("feeds the bytes before a cut, then raises", with_pool(function(pool, url)
  local response = pool:request { url = url .. "/cut" }
  local decoder = soap.decoder { space = object.space(), rows = true }
  t.equal(response:feed(decoder), true)
  t.raises(function() decoder:row() end, "soap.xml")
  t.raises(function() response:feed(soap.decoder { space = object.space() }) end, "http.cut")
end))

t.test("raises when a connection cannot be made", with_pool(function(pool)
  local e = t.raises(function() pool:request { url = "http://127.0.0.1:1/" } end, "http.connect")
  t.match(e.message, "127.0.0.1:1")
  t.is_true(e.hint ~= nil)
end))

t.test("does not send a write twice, and a read it does", with_pool(function(pool, url)
  t.equal(pool:request { url = url .. "/text" }:text(), "hello")
  t.raises(function() pool:request { url = url .. "/die", body = "x" } end, "http.unknown")
  t.equal(pool:request { url = url .. "/text" }:text(), "hello")
  t.equal(pool:request { url = url .. "/die", body = "x", idempotent = true }:text(), "hello")
end))

t.test("refuses unknown and wrong options, naming them", with_pool(function(pool, url)
  local e = t.raises(function() pool:request { url = url, metod = "GET" } end, "argument")
  t.match(e.message, "metod")
  t.match(e.hint, "method")
  t.match(t.raises(function() pool:request {} end, "argument").message, "url")
  t.match(t.raises(function() pool:request { url = url, timeout = -1 } end, "argument").message, "timeout")
  t.match(t.raises(function() pool:request { url = url, headers = { a = 1 } } end, "argument").message, "headers")
  t.match(t.raises(function() pool:request { url = url, body = {} } end, "argument").message, "body")
  t.raises(function() pool:request { url = "nonsense" } end, "http.url")
  t.raises(function() http.pool { connections = 0.5 } end, "argument")
  t.raises(function() http.pool { ca_file = "/nonexistent" } end, "io")
end))

t.test("limits the size of an answer", with_pool(function(pool, url)
  t.raises(function() pool:request { url = url .. "/big", max_body = 1000 }:text() end, "limit")
end))

t.test("ends by its timeout", with_pool(function(pool, url)
  t.raises(function() pool:request { url = url .. "/hang", timeout = 0.05 } end, "http.timeout")
end))

-- Bodies given piece by piece -------------------------------------------------------------------------

--- A function that gives the strings of a list, waiting before each.
local function pieces(list)
  local at = 0
  return function()
    task.sleep(0.001)
    at = at + 1
    return list[at]
  end
end

t.test("sends a body that a function gives, with its length or in chunks", with_pool(function(pool, url)
  local text = pool:request {
    url = url .. "/echo", method = "PUT", body = pieces { "one ", "two ", "three" }, body_length = 13,
  }:text()
  t.match(text, "PUT /echo HTTP/1.1\r\n")
  t.match(text, "Content-Length: 13\r\n")
  t.equal(text:sub(-17), "\r\n\r\none two three")
  text = pool:request { url = url .. "/echo", body = pieces {}, body_length = 0 }:text()
  t.match(text, "POST /echo HTTP/1.1\r\n")
  t.match(text, "Content-Length: 0\r\n")
  text = pool:request { url = url .. "/echo", method = "PUT", body = pieces { "one ", "two" } }:text()
  t.match(text, "Transfer-Encoding: chunked\r\n")
  t.equal(text:sub(-26), "\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n")
end))

t.test("asks for no more of a body than the connection takes", with_pool(function(pool, url)
  local given, piece = 0, ("x"):rep(256 * 1024)
  local slow = task.spawn(function()
    pool:request {
      url = url .. "/slow",
      body = function()
        given = given + 1
        return piece
      end,
    }
  end)
  local before
  repeat
    before = given
    task.sleep(0.1)
  until given == before and given > 0
  t.is_true(given < 64) -- of what nobody reads, the sockets hold some MiB
  slow:cancel "enough"
  local _, e = slow:join()
  t.equal(e.message, "enough")
end))

t.test("a body that is refused is not asked for to its end", with_pool(function(pool, url)
  local given, piece = 0, ("x"):rep(1024)
  local response = pool:request {
    url = url .. "/refuse",
    method = "PUT",
    body = function()
      given = given + 1
      task.sleep(0.001)
      return given < 10000 and piece or nil
    end,
  }
  t.equal({ response.status, response:text() }, { 403, "no" })
  t.is_true(given < 10000)
end))

t.test("a body that breaks its promise, or fails, ends the request", with_pool(function(pool, url)
  local function put(body, length)
    return function() pool:request { url = url .. "/echo", body = body, body_length = length } end
  end
  t.match(t.raises(put(pieces { "12345" }, 6), "argument").message, "6 bytes was promised, and only 5 given")
  t.match(t.raises(put(pieces { "1234", "567" }, 6), "argument").message, "6 bytes was promised, and 7 given")
  t.match(t.raises(put(pieces { "" }), "argument").message, "not empty")
  t.match(t.raises(put(pieces { 5 }), "argument").message, "gives strings")
  t.match(t.raises(put(function() error "broken source" end)).message, "broken source")
  t.equal(pool:request { url = url .. "/text" }:text(), "hello")
end))

t.test("a body that is streamed is never sent a second time", with_pool(function(pool, url)
  t.equal(pool:request { url = url .. "/text" }:text(), "hello")
  local e = t.raises(function()
    pool:request { url = url .. "/die", body = pieces { "x" }, body_length = 1, idempotent = true }
  end, "http.unknown")
  t.match(e.message, "127.0.0.1")
end))

-- Ends ----------------------------------------------------------------------------------------------

t.test("a cancelled task cancels its request, before and after the head", with_pool(function(pool, url)
  t.raises(function()
    scope.timeout(0.05, function() pool:request { url = url .. "/hang" } end)
  end, "task.timeout")
  t.raises(function()
    scope.timeout(0.05, function()
      local response <close> = pool:request { url = url .. "/part" }
      response:read()
      response:read()
    end)
  end, "task.timeout")
  t.equal(pool:request { url = url .. "/text" }:text(), "hello") -- with the one connection there may be
end, { connections = 1 }))

t.test("a closed response cannot be read, and closing twice is nothing", with_pool(function(pool, url)
  local response = pool:request { url = url .. "/part" }
  response:close()
  response:close()
  t.raises(function() response:read() end, "http.closed")
  t.raises(function() response:text() end, "http.closed")
end))

t.test("a closed pool ends its requests and starts none", with_pool(function(pool, url)
  local running = pool:request { url = url .. "/part" }
  local waiting = task.spawn(function() pool:request { url = url .. "/hang" } end)
  task.sleep(0)
  pool:close()
  local ok, e = waiting:join()
  t.equal({ ok, e.code }, { false, "http.closed" })
  t.equal(running:read(), "short")
  t.raises(function() running:read() end, "http.closed")
  t.raises(function() pool:request { url = url } end, "http.closed")
end))

t.test("only one task at a time waits for a response", with_pool(function(pool, url)
  local response <close> = pool:request { url = url .. "/part" }
  response:read()
  local other = task.spawn(function() response:read() end)
  task.sleep(0)
  t.raises(function() response:read() end, "argument")
  other:cancel "enough"
  other:join()
end))

t.test("what is forgotten is collected", with_pool(function(pool, url)
  for _ = 1, 20 do pool:request { url = url .. "/part" } end
  collectgarbage()
  collectgarbage()
  t.equal(pool:request { url = url .. "/text" }:text(), "hello")
end, { connections = 20 }))

t.test("many tasks share a pool and its connections", with_pool(function(pool, url)
  local list = {}
  for i = 1, 200 do list[i] = i end
  local texts = scope.parallel(50, list, function(i)
    return pool:request { url = url .. "/echo", body = "<" .. i .. ">", idempotent = true }:text():match "<(%d+)>"
  end)
  for i = 1, 200 do t.equal(texts[i], tostring(i)) end
  local stats = pool:stats()
  t.equal(stats.connections, 4)
  t.equal(stats.requests, 200)
end, { connections = 4 }))

t.test("a script may end with requests under way", function()
  local url = serve()
  local directory = t.tmpdir()
  local path = directory .. "/ends.lua"
  local file = assert(io.open(path, "w"))
  file:write(([[
    local http, task = require "perilune.c.http", require "perilune.c.task"
    pool = http.pool { proxy = "" }
    part = pool:request { url = "%s/part" }
    task.spawn(function() pcall(pool.request, pool, { url = "%s/hang" }) end)
    task.sleep(0)
    print "ended"
  ]]):format(url, url))
  file:close()
  local result = t.command { "build/perilune", "run", path }
  t.equal({ result.stdout, result.stderr, result.status }, { "ended\n", "", 0 })
end)

-- TLS -----------------------------------------------------------------------------------------------

t.test("believes an authority, a thumbprint, or nobody", function()
  local url, ca = serve "tls"
  t.equal(http.pool { proxy = "", ca_file = ca }:request { url = url }:text(), "hello")
  t.equal(http.pool { proxy = "", ca_file = { ca } }:request { url = url }:text(), "hello")
  local e = t.raises(function() http.pool { proxy = "" }:request { url = url } end, "tls.untrusted")
  t.match(e.message, "self-signed")
  t.match(e.detail, "leaf      CN=leaf")
  local thumbprint = e.hint:match 'thumbprint = "(SHA%-256 [%x:]+)"'
  t.equal(http.pool { proxy = "", thumbprints = { thumbprint } }:request { url = url }:text(), "hello")
  local wrong = thumbprint:gsub("%x%x$", { ["00"] = "01" }):gsub(":%x%x:", ":00:", 1)
  t.raises(function() http.pool { proxy = "", thumbprints = { wrong } }:request { url = url } end, "tls.pin")
end)

t.test("shows the certificates of a server, believed or not", function()
  local url, ca = serve "tls"
  local good <close> = http.pool { ca_file = ca }
  t.equal(good:certificates(), {})
  good:request({ url = url .. "/text" }):close()
  local leaf = good:certificates()[1]
  t.equal({ leaf.subject, leaf.issuer, leaf.is_own_issuer }, { "CN=leaf", "CN=leaf", true })
  t.equal(leaf.hosts, "127.0.0.1, localhost")
  t.find(leaf.sha256, "^SHA%-256 %x%x:")
  t.find(leaf.sha1, "^SHA%-1 %x%x:")
  t.find(leaf.ends, "^%d%d%d%d%-%d%d%-%d%d %d%d:%d%d:%d%d UTC$")
  local bad <close> = http.pool { thumbprints = { ("00"):rep(32) }, thumbprint_source = "here", trust_command = "so" }
  local e = t.raises(function() bad:request { url = url } end, "tls.pin")
  t.match(e.message, "HAS CHANGED: it is not the pinned one of here")
  t.match(e.hint, "if it has: so")
  t.equal(bad:certificates()[1], leaf)
  local pinned <close> = http.pool { thumbprints = { leaf.sha1 } }
  t.equal(pinned:request({ url = url .. "/text" }):text(), "hello")
end)
