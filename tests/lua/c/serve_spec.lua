--- The server through real sockets: a peer in Python says any bytes, and tells what came back.
local http = require "perilune.c.http"
local process = require "perilune.c.process"
local scope = require "perilune.util.scope"
local serve = require "perilune.c.serve"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

--- A server for the present test, whose requests fn answers, each in a task of its own.
local function with(options, fn, body)
  local server <close> = serve.new(options.server or {})
  local tls = options.tls and serve.tls(options.tls)
  local bound = server:listen { address = "127.0.0.1", port = 0, tls = tls }
  scope.scope(function()
    local accepting = scope.spawn(function()
      for request in function() return server:accept() end do scope.spawn(fn, request) end
    end)
    body(bound.port, server, tls)
    server:close()
    accepting:join()
  end)
end

local function echo(request)
  request:respond(200, { ["X-Path"] = request.path }, request.method .. " " .. request.body)
end

--- What a peer gets that sends pieces, with pauses, and then reads to the end or for some seconds.
local PEER = [[
import socket, sys, time
port, seconds = int(sys.argv[1]), float(sys.argv[2])
s = socket.create_connection(("127.0.0.1", port))
for piece in sys.argv[3:]:
    if piece.startswith("sleep "):
        time.sleep(float(piece[6:]))
        continue
    try:
        s.sendall(piece.encode("latin-1").decode("unicode_escape").encode("latin-1"))
    except OSError:
        break
s.settimeout(seconds)
try:
    while True:
        data = s.recv(65536)
        if not data: break
        sys.stdout.buffer.write(data)
except socket.timeout:
    sys.stdout.buffer.write(b"[open]")
except OSError:
    sys.stdout.buffer.write(b"[reset]")
]]

local function talk(port, seconds, ...)
  local child <close> = process.spawn {
    argv = { "/usr/bin/python3", "-c", PEER, tostring(port), tostring(seconds), ... },
  }
  local text = ""
  for stream, bytes in function() return child:read() end do
    if stream == "stdout" then text = text .. bytes end
  end
  return (text:gsub("Date: [^\r]*\r\n", ""))
end

local GET = [[GET /a HTTP/1.1\r\nHost: x\r\n\r\n]]

t.test("requests follow one another on a connection, also when they came at once", function()
  with({}, echo, function(port)
    local text = talk(port, 5, GET .. [[POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc]],
      [[GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n]])
    t.equal(select(2, text:gsub("HTTP/1.1 200 OK", "")), 3)
    t.match(text, "X-Path: /b\r\nContent-Length: 8\r\n\r\nPOST abc")
    t.match(text, "Connection: close")
  end)
end)

t.test("a HEAD gets no body, and 204 no length", function()
  with({}, function(request) request:respond(request.path == "/n" and 204 or 200, nil, "body") end, function(port)
    local text = talk(port, 5, [[HEAD / HTTP/1.1\r\nHost: x\r\n\r\n]],
      [[GET /n HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n]])
    t.match(text, "Content-Length: 4\r\n\r\nHTTP/1.1 204")
    t.is_nil(text:find "body")
  end)
end)

t.test("who waits to be told to go on is told", function()
  with({}, echo, function(port)
    local text = talk(port, 0.5, [[POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n]],
      "sleep 0.2", "abc")
    t.match(text, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
  end)
end)

t.test("slow senders are dropped", function()
  with({ server = { head_timeout = 0.2, body_timeout = 0.2, idle_timeout = 0.2 } }, echo, function(port)
    t.match(talk(port, 5, [[GET / HTTP/1.1\r\nHo]]), "HTTP/1.1 408 ")
    t.match(talk(port, 5, [[POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab]]), "HTTP/1.1 408 ")
    t.equal(talk(port, 5), "")
  end)
end)

t.test("what is no request is refused with a word, and nothing after it is looked at", function()
  with({ server = { max_body = 10 } }, echo, function(port, server)
    local text = talk(port, 5, [[GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n]]
      .. [[Transfer-Encoding: chunked\r\n\r\n]] .. GET)
    t.match(text, "HTTP/1.1 400 ")
    t.match(text, "contradict each other")
    t.equal(select(2, text:gsub("HTTP/1.1", "")), 1)
    local large = [[POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n]] .. ("x"):rep(11)
    t.match(talk(port, 5, large), "HTTP/1.1 413 ")
    t.match(talk(port, 5, [[\x16\x03\x01\x00\x05]]), "HTTP/1.1 400 ")
    t.equal(server:stats().refused, { ["400"] = 2, ["413"] = 1 })
  end)
end)

t.test("bodies that are on their way are bounded together, not only each by itself", function()
  with({ server = { max_body = 1 << 20, body_total = 1 << 20 } }, echo, function(port, server)
    local begin = [[POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n]] .. ("x"):rep(60000)
    local pieces = { begin }
    for i = 2, 12 do pieces[i] = ("x"):rep(60000) end
    local texts = scope.all {
      function() return talk(port, 1, table.unpack(pieces)) end,
      function() return talk(port, 1, "sleep 0.3", table.unpack(pieces)) end,
    }
    t.equal(texts[1], "[open]")
    t.match(texts[2], "HTTP/1.1 503 ")
    t.equal(server:stats().refused, { ["503"] = 1 })
    t.match(talk(port, 0.3, "sleep 0.2", GET), "200 OK") -- what was held is free again
  end)
end)

t.test("a slow reader gets all of a large answer, as long as he takes some", function()
  local size = 24 * 1024 * 1024
  with({ server = { write_timeout = 0.3 } }, function(request) request:respond(200, nil, ("x"):rep(size)) end,
    function(port)
      local status, count = process.run { "/usr/bin/python3", "-c", [[
import socket, sys, time
s = socket.socket()
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
s.connect(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
total = 0
while True:
    data = s.recv(1 << 20)
    if not data: break
    total += len(data)
    if total % 7 == 0: time.sleep(0.01)
print(total)
]], tostring(port) }
      t.equal(status, 0)
      t.is_true(tonumber(count) > size)
    end)
end)

t.test("more connections than are allowed are closed", function()
  with({ server = { max_connections = 1 } }, echo, function(port, server)
    scope.all {
      function() talk(port, 5, "sleep 0.5", [[GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n]]) end,
      function()
        while server:stats().connections == 0 do task.sleep(0.01) end
        t.is_nil(talk(port, 5, GET):find "200")
      end,
    }
    t.match(talk(port, 0.3, GET), "200 OK")
  end)
end)

t.test("a request is answered once, with lines that are lines", function()
  local errors = {}
  with({}, function(request)
    errors[1] = t.raises(function() request:respond(200, { A = "b\r\nSet-Cookie: c" }, "") end)
    request:respond(200, nil, "first")
    errors[2] = t.raises(function() request:respond(200, nil, "second") end, "argument")
  end, function(port) t.match(talk(port, 0.3, GET), "first") end)
  t.equal(#errors, 2)
end)

t.test("a request that nobody answers is answered for him", function()
  with({}, function(request) local _ <close> = request end, function(port)
    t.match(talk(port, 5, GET), "HTTP/1.1 500 ")
  end)
end)

t.test("a stream goes piece by piece, waits for its reader, and learns that he has left", function()
  local sent, failure = 0, nil
  with({}, function(request)
    local is_short = request.path == "/a" -- a stream takes the request over
    local stream <close> = request:stream(200, { ["Content-Type"] = "text/plain" })
    if is_short then
      for _, word in ipairs { "one", "two" } do stream:write(word) end
      return
    end
    failure = t.raises(function()
      while true do
        stream:write(("x"):rep(65536))
        sent = sent + 65536
      end
    end)
  end, function(port)
    t.match(talk(port, 0.5, GET), "3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
    local child <close> = process.spawn { argv = { "/usr/bin/python3", "-c", [[
import socket, sys, time
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
s.sendall(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
time.sleep(0.7)
]], tostring(port) } }
    child:wait()
    for _ = 1, 500 do
      if failure then break end
      task.sleep(0.01)
    end
  end)
  t.equal(failure and failure.code, "serve.gone")
  t.is_true(sent < 32 * 1024 * 1024)
end)

t.test("a peer that vanishes leaves the request whole", function()
  local seen
  with({}, function(request)
    task.sleep(0.3)
    seen = { request.body, request:respond(200, nil, "late") }
  end, function(port)
    talk(port, 0.05, [[POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc]])
    for _ = 1, 300 do
      if seen then break end
      task.sleep(0.01)
    end
  end)
  t.equal(seen[1], "abc")
end)

t.test("draining ends what waits, and lets end what is asked", function()
  local server <close> = serve.new {}
  local port = server:listen { address = "127.0.0.1", port = 0 }.port
  local answered
  scope.scope(function()
    scope.spawn(function()
      local request = server:accept()
      server:drain()
      task.sleep(0.1)
      request:respond(200, nil, "done")
      answered = server:accept()
    end)
    local texts = scope.all {
      function() return talk(port, 5, "sleep 0.3", GET) end,
      function() return talk(port, 5, "sleep 0.1", GET) end,
    }
    t.equal(texts[1], "")
    t.match(texts[2], "Connection: close\r\n\r\ndone")
  end)
  t.is_nil(answered)
end)

-- TLS ------------------------------------------------------------------------------------------------------------

local function openssl(...)
  t.equal((process.run { "sh", "-c", "exec openssl \"$@\" 2>/dev/null", "sh", ... }), 0)
end

local function certificate(directory, name, more)
  local path = directory .. "/" .. name
  openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" .. name, "-addext",
    "subjectAltName=IP:127.0.0.1", "-keyout", path .. ".key", "-out", path .. ".pem", table.unpack(more or {}))
  return { cert = path .. ".pem", key = path .. ".key" }
end

local function ask(port, options)
  options.connections = 1
  local pool <close> = http.pool(options)
  local response <close> = pool:request { url = ("https://127.0.0.1:%d/"):format(port) }
  return response.status, response:text()
end

t.test("TLS of our time is spoken, and certificates can be exchanged while the server runs", function()
  local directory = t.tmpdir()
  local one, two = certificate(directory, "one"), certificate(directory, "two")
  with({ tls = one }, echo, function(port, server, tls)
    t.equal(ask(port, { ca_file = { one.cert } }), 200)
    local old = "echo | openssl s_client -tls1_1 -cipher ALL:@SECLEVEL=0 -connect 127.0.0.1:%d 2>&1"
    local _, words = process.run { "sh", "-c", old:format(port) }
    t.match(words, "alert protocol version")
    for _, name in ipairs { "pem", "key" } do
      t.equal(os.execute(("cp %s/two.%s %s/one.%s"):format(directory, name, directory, name)), true)
    end
    tls:reload()
    t.equal(ask(port, { ca_file = { two.cert } }), 200)
    os.remove(one.cert)
    t.raises(function() tls:reload() end, "io")
    t.equal(ask(port, { ca_file = { two.cert } }), 200)
    t.is_true(server:stats().tls_handshakes >= 3)
    t.is_true(server:stats().tls_failures >= 1)
  end)
end)

t.test("a refusal by TLS reaches a peer that is still sending", function()
  local own = certificate(t.tmpdir(), "own")
  with({ tls = own, server = { max_body = 1000 } }, echo, function(port)
    for _ = 1, 5 do
      local status, text = process.run { "/usr/bin/python3", "-c", [[
import socket, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[2])
s = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="127.0.0.1")
try:
    s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 4000000)
except OSError:
    pass
print(s.recv(100).decode())
]], tostring(port), own.cert }
      t.equal(status, 0)
      t.match(text, "HTTP/1.1 413 ")
    end
  end)
end)

t.test("clients show certificates where that is wanted", function()
  local directory = t.tmpdir()
  local own, client = certificate(directory, "own"), certificate(directory, "client")
  own.client_ca, own.client = client.cert, "required"
  local shown
  with({ tls = own }, function(request)
    shown = request:certificate()
    echo(request)
  end, function(port)
    t.equal(ask(port, { ca_file = { own.cert }, cert = client.cert, key = client.key }), 200)
    t.raises(function() ask(port, { ca_file = { own.cert } }) end)
  end)
  t.equal(shown.subject, "CN=client")
  t.find(shown.sha256, "^%x+$")
  t.raises(function() serve.tls { cert = own.cert, key = own.key, client = "required" } end, "tls.setup")
  t.raises(function() serve.tls { cert = own.cert, key = client.key } end, "tls.setup")
end)
