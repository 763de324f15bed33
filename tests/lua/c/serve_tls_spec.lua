--- The server by TLS, through sockets: versions, certificates of both sides, and how connections end.
local serve = require "perilune.c.serve"
local socket = require "tests.support.socket"
local t = require "tests.support.spec"

local SOON = 0.05 -- seconds: of limits that are to be reached
local GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"

local function post(body)
  return ("POST /hook HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"):format(#body, body)
end

--- Makes NAME.crt and NAME.key in a directory; the SHA-256 of the certificate.
local function certify(directory, name)
  local cert, key = ("%s/%s.crt"):format(directory, name), ("%s/%s.key"):format(directory, name)
  local made = t.command { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
    "-days", "2", "-subj", "/O=Moon/CN=" .. name, "-keyout", key, "-out", cert }
  if made.status ~= 0 then t.fail("openssl: %s", made.stderr) end
  local text = t.command { "openssl", "x509", "-in", cert, "-noout", "-fingerprint", "-sha256" }.stdout
  return text:match "=(%S+)":gsub(":", ""):lower()
end

--- A test with a server that speaks TLS: fn(server, port, sockets, tls, directory).
local function test_tls(name, options, fn)
  t.test(name, function()
    local directory = t.tmpdir()
    certify(directory, "server")
    certify(directory, "client")
    local client_ca = options.client and directory .. "/client.crt"
    local tls = serve.tls { cert = directory .. "/server.crt", key = directory .. "/server.key",
      client = options.client, client_ca = client_ca or nil }
    local server <close> = serve.new { head_timeout = options.head_timeout, max_body = options.max_body }
    local bound = server:listen { address = "127.0.0.1", port = 0, tls = tls }
    fn(server, bound.port, socket.start(), tls, directory)
  end)
end

test_tls("TLS 1.2 and 1.3 are spoken, with one request after another", {}, function(server, port, sockets)
  for _, version in ipairs { "1.2", "1.3" } do
    local client = sockets:open(port, "tls", "version=" .. version)
    client:say(GET .. post(("x"):rep(100000)))
    for _, size in ipairs { 0, 100000 } do
      local request = server:accept()
      t.equal({ request.is_tls, #request.body, request:certificate() }, { true, size })
      request:respond(200, nil, ("y"):rep(100000))
      t.is_true(select(2, client:read_answer()) == ("y"):rep(100000))
    end
    client:say "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    server:accept():respond(200, nil, "end")
    t.find(client:rest(), "\r\n\r\nend$")
  end
  t.equal({ server:stats().tls_handshakes, server:stats().tls_failures }, { 2, 0 })
end)

test_tls("TLS 1.1 and what is no TLS are refused", {}, function(server, port, sockets)
  t.raises(function() sockets:open(port, "tls", "version=1.1") end, "io")
  local plain = sockets:open(port)
  plain:say(GET)
  t.is_nil(plain:rest():find "HTTP/1.1 ")
  t.equal({ server:stats().tls_handshakes, server:stats().tls_failures }, { 0, 2 })
end)

test_tls("a handshake that does not come to its end is left", { head_timeout = SOON }, function(server, port, sockets)
  t.equal({ sockets:open(port):rest() }, { "", false })
  local client = sockets:open(port, "tls")
  client:say "GET / HT"
  client:is_refused(408)
  client:leave()
  socket.await(function() return server:stats().connections == 0 end)
end)

test_tls("refusals reach who sends on", { max_body = 1000 }, function(_, port, sockets)
  local client = sockets:open(port, "tls")
  client:say("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n7D0\r\n" .. ("x"):rep(2000))
  for _ = 1, 5 do client:say(("x"):rep(20000)) end
  client:is_refused(413)
end)

test_tls("who says goodbye after asking is answered", {}, function(server, port, sockets)
  local client = sockets:open(port, "tls")
  client:goodbye(GET)
  server:accept():respond(200, nil, "still")
  t.find(client:rest(), "Connection: close\r\n\r\nstill$")
end)

test_tls("streams are written by TLS, and their readers leave", {}, function(server, port, sockets)
  local client = sockets:open(port, "tls")
  client:say(GET)
  local stream = server:accept():stream(200)
  stream:write "one"
  t.find(client:read "one\r\n", "3\r\none\r\n$")
  client:goodbye ""
  socket.await(function() return stream:is_gone() end)
  t.raises(function() stream:write "two" end, "serve.gone")
end)

test_tls("certificates that are read again are shown to those who come then", {},
  function(server, port, sockets, tls, directory)
    local old = sockets:open(port, "tls")
    local before = old:certificate()
    local other = certify(directory, "server")
    t.is_true(other ~= before)
    t.equal(sockets:open(port, "tls"):certificate(), before)
    tls:reload()
    t.equal(sockets:open(port, "tls"):certificate(), other)
    old:say(GET)
    server:accept():respond(200, nil, "as before")
    t.equal(select(2, old:read_answer()), "as before")
    local file <close> = assert(io.open(directory .. "/server.crt", "w"))
    file:write "nonsense"
    file:close()
    t.match(t.raises(function() tls:reload() end, "tls.setup").message, "server.crt")
    t.equal(sockets:open(port, "tls"):certificate(), other)
  end)

--- The words of a client that shows a certificate.
local function showing(directory, name)
  return "tls", ("cert=%s/%s.crt"):format(directory, name), ("key=%s/%s.key"):format(directory, name)
end

test_tls("a client may show a certificate", { client = "optional" }, function(server, port, sockets, _, directory)
  local client = sockets:open(port, showing(directory, "client"))
  client:say(GET)
  local fingerprint = t.command { "openssl", "x509", "-in", directory .. "/client.crt", "-noout", "-fingerprint",
    "-sha256" }.stdout:match "=(%S+)":gsub(":", ""):lower()
  local request = server:accept()
  t.equal(request:certificate(), { subject = "CN=client,O=Moon", issuer = "CN=client,O=Moon", sha256 = fingerprint })
  client = sockets:open(port, "tls")
  client:say(GET)
  t.is_nil(server:accept():certificate())
  t.raises(function()
    local other = sockets:open(port, showing(directory, "server"))
    other:say(GET)
    other:rest()
  end, "io")
  t.equal(server:stats().requests, 2)
end)

test_tls("a client must show a certificate where that is wanted", { client = "required" },
  function(server, port, sockets, _, directory)
    t.raises(function()
      local client = sockets:open(port, "tls")
      client:say(GET)
      client:rest()
    end, "io")
    local client = sockets:open(port, showing(directory, "client"))
    client:say(GET)
    t.match(server:accept():certificate().subject, "CN=client")
    t.equal({ server:stats().requests, server:stats().tls_failures }, { 1, 1 })
  end)

t.test("certificates that cannot be used are told", function()
  local directory = t.tmpdir()
  certify(directory, "a")
  certify(directory, "b")
  local cert, key = directory .. "/a.crt", directory .. "/a.key"
  t.match(tostring(t.raises(function() serve.tls { cert = directory .. "/none", key = key } end)), "none")
  t.raises(function() serve.tls { cert = cert, key = directory .. "/b.key" } end, "tls.setup")
  t.raises(function() serve.tls { cert = cert, key = key, client = "required" } end, "tls.setup")
  t.raises(function() serve.tls { cert = cert, key = key, client = "required", client_ca = key } end, "tls.setup")
  t.raises(function() serve.tls { cert = cert, key = key, client = "perhaps" } end, "argument")
  t.raises(function() serve.tls { key = key } end, "argument")
end)
