--- The server, through sockets: what its peers see, and what its requests say.
local digest = require "perilune.c.digest"
local scope = require "perilune.util.scope"
local serve = require "perilune.c.serve"
local socket = require "tests.support.socket"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local SOON = 0.05 -- seconds: of limits that are to be reached
local GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
local HEAD_END = "\r\n\r\n"

--- A test with a server on a port, of these options, and sockets to reach it.
local function test(name, options, fn)
  t.test(name, function()
    local server <close> = serve.new(options)
    local bound = server:listen { address = "127.0.0.1", port = 0 }
    fn(server, bound.port, socket.start())
  end)
end

local function post(body, more)
  return ("POST /hook HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n%s\r\n%s"):format(#body, more or "", body)
end

-- Requests and answers -------------------------------------------------------------------------------------------

test("a request says what was asked, and by whom", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say "PUT /a/b?c=d&e HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: 3\r\n\r\na\0b"
  local request = server:accept()
  t.equal({ request.method, request.target, request.path, request.query, request.body, request.id },
    { "PUT", "/a/b?c=d&e", "/a/b", "c=d&e", "a\0b", 1 })
  t.equal({ request.peer, request.is_tls, request:certificate() }, { "127.0.0.1", false })
  t.equal({ request:header "X-ONE", request:header "host", request:header "X" }, { "1, 2", "h" })
  t.equal(request:headers(), { { "Host", "h" }, { "X-One", "1" }, { "x-one", "2" }, { "Content-Length", "3" } })
  t.is_true(request:respond(201, { ["X-Answer"] = "yes" }, "made"))
  local head, body = client:read_answer()
  t.find(head, "^HTTP/1%.1 201 [^\r]+\r\nDate: %a%a%a, %d%d %a%a%a %d%d%d%d %d%d:%d%d:%d%d GMT\r\n")
  t.match(head, "X-Answer: yes\r\nContent-Length: 4\r\n\r\n")
  t.equal(body, "made")
end)

test("a connection is kept for the next request, and closed where that is asked", {}, function(server, port, sockets)
  local client = sockets:open(port)
  for i = 1, 3 do
    client:say "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
    local request = server:accept()
    t.equal({ request.id, request.query }, { i })
    request:respond(200, nil, "number " .. i)
    local head, body = client:read_answer()
    t.is_nil(head:find "Connection")
    t.equal(body, "number " .. i)
  end
  client:say "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
  server:accept():respond(200)
  t.find(client:rest(), "Connection: close\r\n\r\n$")
  local old = sockets:open(port)
  old:say "GET / HTTP/1.0\r\n\r\n"
  server:accept():respond(200, nil, "old")
  t.find(old:rest(), "Connection: close\r\n\r\nold$")
  t.equal(server:stats().accepted, 2)
end)

test("requests that come at once are answered one after another", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n" .. post "two" .. "\r\nGET /3 HTTP/1.1\r\nHost: h\r\n\r\n")
  for i, wanted in ipairs { "/1", "/hook", "/3" } do
    local request = server:accept()
    t.equal(request.target, wanted)
    t.equal(server:stats().requests, i)
    request:respond(200, nil, wanted)
  end
  for _, wanted in ipairs { "/1", "/hook", "/3" } do t.equal(select(2, client:read_answer()), wanted) end
end)

test("a request that comes in pieces, or behind a large one, is whole", {}, function(server, port, sockets)
  local client = sockets:open(port)
  local body = ("0123456789"):rep(100000)
  local bytes = post(body)
  client:say(bytes:sub(1, 30))
  task.sleep(0.01)
  client:say(bytes:sub(31) .. bytes:sub(1, 500000))
  local request = server:accept()
  t.is_true(request.body == body)
  request:respond(200)
  client:read_answer()
  client:say(bytes:sub(500001))
  t.is_true(server:accept().body == body)
end)

test("HEAD, 204 and 304 have no body", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" .. GET .. GET .. GET)
  server:accept():respond(200, nil, "five5")
  t.match(client:read(HEAD_END), "Content-Length: 5\r\n")
  for _, status in ipairs { 204, 304 } do
    server:accept():respond(status, nil, "dropped")
    local head = client:read(HEAD_END)
    t.match(head, "HTTP/1.1 " .. status)
    t.is_nil(head:find "Content%-Length")
  end
  server:accept():respond(200, nil, "last")
  t.equal(select(2, client:read_answer()), "last")
end)

test("who expects to be told to go on is told, once", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
  t.equal(client:read(HEAD_END), "HTTP/1.1 100 Continue\r\n\r\n")
  client:say "bo"
  client:say("dy" .. post("more", "Expect: 100-continue\r\n"))
  for _, body in ipairs { "body", "more" } do
    local request = server:accept()
    t.equal(request.body, body)
    request:respond(200)
    t.match(client:read(HEAD_END), "HTTP/1.1 200 ")
  end
end)

test("a request is answered once, and by 500 where nobody does", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET .. GET .. GET)
  local request = server:accept()
  request:respond(200, nil, "first")
  t.raises(function() request:respond(200, nil, "second") end, "argument")
  t.raises(function() request:stream(200) end, "argument")
  t.equal(select(2, client:read_answer()), "first")
  do
    local _ <close> = server:accept()
  end
  t.match(client:read(HEAD_END), "HTTP/1.1 500 ")
  local closed <close> = server:accept()
  t.raises(function() closed:respond(99) end)
  t.raises(function() closed:respond(600) end)
end)

test("headers that would be others, or end the head, are refused", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET)
  local request = server:accept()
  for _, wrong in ipairs {
    { "A", "b\r\nC: d" }, { "A", "b\nC: d" }, { "A", "b\rC" }, { "A", "b\0" }, { "A\r\nB", "c" }, { "A: b", "c" },
    { "A b", "c" }, { "", "c" }, { "A\0", "c" }, { "Content-Length", "5" }, { "transfer-encoding", "chunked" },
    { "Connection", "close" }, { 1, "c" }, { "A", 1 },
  } do
    t.raises(function() request:respond(200, { [wrong[1]] = wrong[2] }) end)
    t.raises(function() request:stream(200, { [wrong[1]] = wrong[2] }) end)
  end
  request:respond(200, { A = "b" }, "")
  t.find(client:read(HEAD_END), "^HTTP/1%.1 200 [^\n]+\nDate: [^\n]+\nA: b\r\nContent%-Length: 0\r\n\r\n$")
end)

-- Refusals -------------------------------------------------------------------------------------------------------

test("what is wrong is answered, then closed", { max_body = 1000, max_head = 500, max_headers = 5 },
  function(server, port, sockets)
    for status, bytes in pairs {
      [400] = "GET / HTTP/1.1\r\n\r\n", [413] = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n",
      [414] = "GET /" .. ("a"):rep(500), [417] = "GET / HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n",
      [431] = "GET / HTTP/1.1\r\nA: " .. ("a"):rep(500), [501] = "FROB / HTTP/1.1\r\nHost: h\r\n\r\n",
      [505] = "GET / HTTP/3.0\r\nHost: h\r\n\r\n",
    } do
      local client = sockets:open(port)
      client:say(bytes)
      client:is_refused(status)
      t.equal(server:stats().refused[tostring(status)], 1)
    end
    t.equal(server:stats().requests, 0)
  end)

test("a body without an end is refused, and who sends on can read why", { max_body = 100000 },
  function(_, port, sockets)
    local client = sockets:open(port)
    client:say "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    for _ = 1, 20 do client:say("2710\r\n" .. ("x"):rep(10000) .. "\r\n") end
    client:is_refused(413)
    client = sockets:open(port)
    client:say("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;" .. ("x"):rep(100000))
    client:is_refused(431)
  end)

test("a head that does not come to its end is refused", { head_timeout = SOON }, function(_, port, sockets)
  local client = sockets:open(port)
  client:say "GET / HTTP/1.1\r\nHost: h\r\n"
  client:is_refused(408)
end)

test("a body that does not come to its end is refused", { body_timeout = SOON }, function(server, port, sockets)
  local client = sockets:open(port)
  client:say "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nfour"
  client:is_refused(408)
  client = sockets:open(port)
  client:say "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n"
  client:is_refused(408)
  t.equal(server:stats().refused, { ["408"] = 2 })
end)

test("a connection that says nothing is closed without a word", { idle_timeout = SOON }, function(server, port, sockets)
  t.equal({ sockets:open(port):rest() }, { "", false })
  local client = sockets:open(port)
  client:say(GET)
  server:accept():respond(200)
  t.find(client:rest(), "^HTTP/1%.1 200 .*\r\n\r\n$")
  t.equal(server:stats().refused, {})
end)

test("more connections than are let in are closed", { max_connections = 2 }, function(server, port, sockets)
  local first, second = sockets:open(port), sockets:open(port)
  socket.await(function() return server:stats().connections == 2 end)
  t.equal((sockets:open(port):rest()), "")
  t.equal(server:stats().refused, { ["503"] = 1 })
  first:leave()
  socket.await(function() return server:stats().connections == 1 end)
  for _, client in ipairs { second, sockets:open(port) } do
    client:say(GET)
    server:accept():respond(200)
    t.match(client:read(HEAD_END), "HTTP/1.1 200 ")
  end
end)

test("bodies that came in part, or wait to be answered, leave no room for others", { body_total = 300000 },
  function(server, port, sockets)
    local body = ("x"):rep(200000)
    local first, part = sockets:open(port), sockets:open(port)
    first:say(post(body))
    local request = server:accept()
    part:say(post(body))
    part:is_refused(503)
    part = sockets:open(port)
    part:say(GET)
    server:accept():respond(200)
    request:respond(200)
    t.equal(request.body, "")
    part:say(post(body):sub(1, -2)) -- all but the last byte
    socket.await(function() return server:stats().bytes_in > 600000 end)
    first:say(post(body))
    t.match(first:rest(), "HTTP/1.1 503 ")
    part:vanish()
    socket.await(function() return server:stats().connections == 0 end)
    first = sockets:open(port)
    first:say(post(body))
    t.is_true(server:accept().body == body)
  end)

-- Peers that leave, and that do not read -------------------------------------------------------------------------

test("who leaves while the request is looked at harms nobody", {}, function(server, port, sockets)
  for _, way in ipairs { "leave", "vanish" } do
    local client = sockets:open(port)
    client:say(GET .. GET)
    local request = server:accept()
    client[way](client)
    task.sleep(0.02)
    t.equal(request.path, "/")
    request:respond(200, nil, ("x"):rep(1000000))
    socket.await(function() return server:stats().connections == 0 end)
  end
  local client = sockets:open(port)
  client:say "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
  socket.await(function() return server:stats().connections == 1 end)
  client:vanish()
  socket.await(function() return server:stats().connections == 0 end)
end)

test("who writes no more is answered", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET)
  client:shut()
  server:accept():respond(200, nil, "still")
  t.find(client:rest(), "\r\n\r\nstill$")
end)

local LARGE = ("0123456789abcdef"):rep(1 << 20) -- more than sockets hold

test("who does not read an answer gets no other one, and all of it later", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET .. GET)
  server:accept():respond(200, nil, LARGE)
  task.sleep(0.1)
  t.equal(server:stats().requests, 1)
  local next_one = scope.spawn(function() server:accept():respond(200, { A = "b" }, "next") end)
  client:read(HEAD_END)
  for _ = 1, 16 do t.is_true(client:read_bytes(1 << 20) == LARGE:sub(1, 1 << 20)) end
  t.equal(select(2, client:read_answer()), "next")
  next_one:join()
end)

test("who does not read at all is left", { write_timeout = SOON }, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET)
  server:accept():respond(200, nil, LARGE)
  socket.await(function() return server:stats().connections == 0 end)
  client:say(GET)
end)

-- Streams --------------------------------------------------------------------------------------------------------

test("a stream is written piece by piece, and the connection goes on", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET .. GET)
  local stream = server:accept():stream(200, { ["Content-Type"] = "text/event-stream" })
  local head = client:read(HEAD_END)
  t.match(head, "Transfer-Encoding: chunked\r\n")
  t.match(head, "Content-Type: text/event-stream\r\n")
  stream:write "first"
  t.equal(client:read "first\r\n", "5\r\nfirst\r\n")
  stream:write ""
  stream:write "a longer one \r\n"
  t.equal(client:read_bytes(20), "f\r\na longer one \r\n\r\n")
  t.is_false(stream:is_gone())
  stream:close()
  t.equal(client:read(HEAD_END), "0\r\n\r\n")
  t.raises(function() stream:write "late" end, "argument")
  server:accept():respond(200, nil, "next")
  t.equal(select(2, client:read_answer()), "next")
end)

test("a stream for HEAD has no pieces, one of HTTP/1.0 no chunks", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" .. GET)
  do
    local stream <close> = server:accept():stream(200)
    stream:write "unseen"
  end
  t.match(client:read(HEAD_END), "HTTP/1.1 200 ")
  server:accept():respond(200, nil, "next")
  t.equal(select(2, client:read_answer()), "next")
  local old = sockets:open(port)
  old:say "GET / HTTP/1.0\r\n\r\n"
  do
    local stream <close> = server:accept():stream(200)
    stream:write "one"
    stream:write "two"
  end
  local text = old:rest()
  t.find(text, "\r\n\r\nonetwo$")
  t.is_nil(text:find "chunked")
end)

--- Starts a stream, and a task that writes to it until it has written all or the reader leaves.
local function write_all(server, count)
  local stream = server:accept():stream(200)
  local piece, seen = ("x"):rep(1 << 16), { written = 0 }
  seen.task = scope.spawn(function()
    local ok, e = pcall(function()
      for i = 1, count do
        stream:write(piece)
        seen.written = i
      end
    end)
    seen.error = not ok and e
    stream:close()
  end)
  repeat
    local before = seen.written
    task.sleep(0.1)
  until seen.written == before
  return seen
end

test("who writes a stream waits for the reader", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
  local count = 400
  local seen = write_all(server, count)
  t.is_true(seen.written < count)
  client:read(HEAD_END)
  local wanted = digest.new "sha256"
  for _ = 1, count do wanted:add("10000\r\n" .. ("x"):rep(1 << 16) .. "\r\n") end
  wanted:add "0\r\n\r\n"
  t.equal(client:digest(), wanted:hex())
  seen.task:join()
  t.equal(seen.written, count)
end)

test("who writes a stream learns that the reader has left", {}, function(server, port, sockets)
  for _, way in ipairs { "leave", "vanish" } do
    local client = sockets:open(port)
    client:say(GET)
    local stream = server:accept():stream(200)
    stream:write "one"
    client:read "one\r\n"
    client[way](client)
    socket.await(function() return stream:is_gone() end)
    t.raises(function() stream:write "two" end, "serve.gone")
    stream:close()
  end
  t.equal(server:stats().connections, 0)
end)

test("who waits for a reader learns that he has left", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET)
  local seen = write_all(server, 1000)
  t.is_true(seen.written < 1000)
  client:vanish()
  seen.task:join()
  t.equal(seen.error.code, "serve.gone")
end)

test("a reader that takes nothing is left", { write_timeout = SOON }, function(server, port, sockets)
  sockets:open(port):say(GET)
  local seen = write_all(server, 1000)
  seen.task:join()
  t.equal(seen.error.code, "serve.gone")
end)

-- The end --------------------------------------------------------------------------------------------------------

test("a server that drains answers what it has, and takes nothing new", {}, function(server, port, sockets)
  local idle, asking, slow = sockets:open(port), sockets:open(port), sockets:open(port)
  idle:say(GET)
  server:accept():respond(200)
  idle:read(HEAD_END)
  asking:say(GET)
  local request = server:accept()
  slow:say "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo"
  socket.await(function() return server:stats().connections == 3 end)
  local ended = scope.spawn(function()
    local last = server:accept()
    local body = last.body
    last:respond(200)
    return body, server:accept()
  end)
  task.sleep(0.01)
  server:drain()
  t.equal({ idle:rest() }, { "", false })
  t.raises(function() sockets:open(port) end, "io")
  request:respond(200, nil, "the last")
  local text = asking:rest()
  t.match(text, "Connection: close\r\n")
  t.find(text, "\r\n\r\nthe last$")
  slow:say "dy"
  idle:leave()
  asking:leave()
  slow:read(HEAD_END)
  slow:leave()
  t.equal({ ended:join() }, { "body" })
end)

test("a server that drains ends streams when they do", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET)
  local stream = server:accept():stream(200)
  server:drain()
  stream:write "one"
  stream:close()
  t.find(client:rest(), "3\r\none\r\n0\r\n\r\n$")
  client:leave()
  t.is_nil(server:accept())
end)

test("a closed server wakes who waits, and its requests are of nobody", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET)
  local request = server:accept()
  local waiting = scope.spawn(function() return server:accept() end)
  task.sleep(0.01)
  t.raises(function() server:accept() end, "argument")
  server:close()
  t.is_nil((waiting:join()))
  t.is_false(request:respond(200))
  t.equal((client:rest()), "")
  t.raises(function() server:accept() end, "argument")
  t.raises(function() server:stats() end, "argument")
end)

t.test("a port that is taken is an error that names it; any number of times", function()
  local first <close> = serve.new {}
  local second <close> = serve.new {}
  local bound = first:listen { address = "127.0.0.1", port = 0 }
  t.equal(bound.address, "127.0.0.1")
  for _ = 1, 20 do
    local e = t.raises(function() second:listen { address = "127.0.0.1", port = bound.port } end, "io")
    t.match(e.message, "127.0.0.1:" .. bound.port)
  end
  t.raises(function() second:listen { address = "nowhere", port = 0 } end, "io")
  t.raises(function() second:listen { fd = 1000 } end, "io")
  t.raises(function() second:listen { adress = "127.0.0.1" } end, "argument")
  t.raises(function() serve.new { max_bodies = 1 } end, "argument")
  second:listen { address = "::1", port = 0 }
end)

test("counts what happens", {}, function(server, port, sockets)
  local client = sockets:open(port)
  client:say(GET)
  server:accept():respond(200, nil, "four")
  local head = client:read_answer()
  local stats = server:stats()
  t.equal({ stats.connections, stats.accepted, stats.requests, stats.tls_handshakes, stats.tls_failures, stats.bytes_in,
    stats.bytes_out, stats.refused }, { 1, 1, 1, 0, 0, #GET, #head + 4, {} })
end)
