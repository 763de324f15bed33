--- What strangers send, and what whoever knows the secret might: the right status, and the server goes on.
local hooks = require "tests.support.hooks"
local process = require "perilune.c.process"
local t = require "tests.support.spec"

local HOOKS = [[
listen "127.0.0.1:0"
limits { body = "2MiB" }
hook "typed" {
  auth = github { secret = secret.env "WEBHOOK_SECRET" },
  run = "typed.lua",
  key = function(event) return event.body.key end,
  vars = function(event) return event.body.vars end,
}
hook "text" { auth = github { secret = secret.env "WEBHOOK_SECRET" }, run = function(event) print(event.body.text) end }
hook "raises" {
  auth = github { secret = secret.env "WEBHOOK_SECRET" },
  when = function(event) return event.body.a.b.c end,
  run = function() end,
}
]]

local TYPED = [[
playbook "typed"
local count = var("count", { type = "integer", min = 1, max = 9 })
local name = var("name", { type = "string", default = "x" })
folder(name .. count) { path = "/DC0/vm/" .. name .. count }
]]

local function start()
  return hooks.start { hooks = HOOKS, files = { ["typed.lua"] = TYPED } }
end

local function memory(pid)
  for line in io.lines(("/proc/%d/status"):format(pid)) do
    local kib = line:match "^VmHWM:%s+(%d+)"
    if kib then return tonumber(kib) // 1024 end
  end
end

t.test("JSON of a million levels, or that is none, is 400; the sender is known, so it is told where", function()
  local s = start()
  local deep = s:deliver("text", "push", "d-1", ("["):rep(1000000) .. ("]"):rep(1000000))
  t.equal(deep.status, 400)
  local wrong = s:deliver("text", "push", "d-2", '{"a":}')
  t.equal(wrong.status, 400)
  t.match(wrong.body.error, "line 1")
  t.equal(s:deliver("text", "push", "d-3", "").status, 400)
  t.equal(s:deliver("text", "push", "d-4", '{"text":"\xff"}').status, 400)
  t.equal(#s:store():runs(), 0)
  t.equal(s:request("GET", "/healthz").status, 200)
end)

t.test("a body that is too large is refused before it is held", function()
  local s = start()
  t.equal(s:deliver("text", "push", "d-1", ("x"):rep(3 << 20)).status, 413)
  t.is_true(memory(s.child.pid) < 400)
end)

t.test("a body of the wrong shape fails the hook's function, and its place is in our log", function()
  local s = start()
  local answer = s:deliver("raises", "push", "d-1", { a = 5 })
  t.equal(answer.status, 500)
  t.is_nil(answer.text:find "hooks.lua")
  t.find(s:await_log("delivery refused").where, "hooks.lua:%d+")
end)

t.test("variables from outside are checked as if typed on the command line", function()
  local s = start()
  local cases = {
    { { count = 10 }, "count" }, { { count = "three" }, "whole number" }, { { count = 1, other = 2 }, "other" },
    { { count = { 1 } }, "count" }, { { count = 1, name = 5 }, "name" }, { {}, "no value" },
  }
  for n, case in ipairs(cases) do
    t.equal(s:deliver("typed", "push", "d-" .. n, { vars = case[1] }).status, 202)
    local run = s:await_run(n, "failed")
    t.match(s:log_of(n), case[2])
    t.equal(run.attempt, 1)
  end
  t.equal(s:deliver("typed", "push", "d-20", { vars = { count = 1 }, key = { "table" } }).status, 500)
end)

t.test("nothing of a payload is run, by Lua, a shell or a terminal", function()
  local s = start()
  local marker = s.directory .. "/marker"
  local texts = { "$(touch " .. marker .. ")", "`touch " .. marker .. "`", "; touch " .. marker,
    "]] os.execute('touch " .. marker .. "') --[[", "\27]0;title\7\27[2J", "{{7*7}}", "../../../etc/passwd" }
  for n, text in ipairs(texts) do
    s:deliver("text", "push", "d-" .. n, { text = text })
    s:await_run(n, "done")
    t.is_nil(s:log_of(n):find "\27")
  end
  t.is_nil(io.open(marker))
  t.match(s:log_of(1), "$(touch")
end)

t.test("paths lead nowhere", function()
  local s = start()
  for _, path in ipairs {
    "/hooks/../hooks.lua", "/hooks/%2e%2e%2fhooks.lua", "/hooks/typed/..", "/hooks/", "/hooks.lua", "/hooks/typed%00",
    "/assets/../hooks.lua", "//hooks/text", "/HOOKS/text", "/hooks/" .. ("a"):rep(7000),
  } do
    local status = s:request("POST", path, nil, "{}").status
    t.is_true(status == 401 or status == 404 or status == 405, path .. " " .. status)
  end
  t.equal(s:request("GET", "/hooks/" .. ("a"):rep(9000)).status, 414)
end)

t.test("a thousand broken requests leave the server as it was", function()
  local s = start()
  local port = s.url:match ":(%d+)$"
  local status = process.run { "/usr/bin/python3", "-c", [[
import os, random, socket, sys
random.seed(7)
base = b"POST /hooks/text HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
base += b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n"
for i in range(1000):
    data = bytearray(base)
    for _ in range(random.randrange(1, 12)):
        kind, at = random.randrange(3), random.randrange(len(data))
        if kind == 0: data[at] = random.randrange(256)
        elif kind == 1: del data[at:at + random.randrange(1, 9)]
        else: data[at:at] = os.urandom(random.randrange(1, 40))
        if not data: break
    s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    s.sendall(bytes(data))
    s.shutdown(socket.SHUT_WR)
    answer = s.recv(4096)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 "), answer
    assert not answer.startswith(b"HTTP/1.1 2"), answer
    s.close()
]], port }
  t.equal(status, 0)
  t.equal(s:request("GET", "/healthz").status, 200)
  t.is_true(memory(s.child.pid) < 400)
end)
