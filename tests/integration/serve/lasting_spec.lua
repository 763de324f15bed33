--- What survives: servers that are killed, targets that are away, hooks that change.
local hooks = require "tests.support.hooks"
local process = require "perilune.c.process"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

local PLAYBOOK = [[
playbook "hooked"
local name = var("name", { type = "string" })
folder(name) { path = "/DC0/vm/" .. name }
]]

local function hooks_of(more)
  return ([[
listen "127.0.0.1:0"
limits { drain = "20s" }
local function hook_of(fields)
  fields.auth = github { secret = secret.env "WEBHOOK_SECRET" }
  return fields
end
local function touch(text)
  local file <close> = io.open("order.txt", "a")
  file:write(text, "\n")
end
local function named(event) return { name = event.body.name } end
%s
]]):format(more)
end

local function content(s, name)
  local file = io.open(s.directory .. "/" .. name)
  local text = file and file:read "a" or ""
  if file then file:close() end
  return text
end

local FUNCTIONS = hooks_of [[
hook "slow" (hook_of { run = function(event) touch "begun" sleep(event.body.seconds) touch "ended" end })
hook "safe" (hook_of { retries = { max = 3 }, run = function(event) touch "begun" sleep(event.body.seconds) end })
]]

t.test("a server that is killed finds its runs again; a function is not repeated unless it may be", function()
  local s = hooks.start { hooks = FUNCTIONS }
  s:deliver("slow", "push", "d-1", { seconds = 30 })
  s:deliver("safe", "push", "d-2", { seconds = 1 })
  local one, two = s:await_run(1, "running"), s:await_run(2, "running")
  hooks.await("both to have begun", function() return content(s, "order.txt") == "begun\nbegun\n" end)
  s:kill()
  hooks.await("their processes to end", function()
    one, two = s:store():run(1), s:store():run(2)
    return not process.alive(one.pid, one.pid_start) and not process.alive(two.pid, two.pid_start)
  end)
  s:run()
  s:await_log("serving", #s.records)
  local lost = s:await_run(1)
  t.equal({ lost.state, lost.error.code }, { "dead", "serve.lost" })
  t.equal(s:await_run(2).state, "done")
end)

t.test("what was answered is there after a kill, and is run", function()
  local s = hooks.start { hooks = FUNCTIONS }
  s:deliver("safe", "push", "d-0", { seconds = 5 })
  for n = 1, 9 do t.equal(s:deliver("safe", "push", "d-" .. n, { seconds = 0 }).status, 202) end
  s:kill()
  s:run()
  s:await_log("serving", #s.records)
  for id = 2, 10 do s:await_run(id, "done") end
  t.equal(s:deliver("safe", "push", "d-3", { seconds = 0 }).body, { run = 4, state = "done", known = true })
end)

t.test("a second server over the same store is refused, and told which is the first", function()
  local s = hooks.start { hooks = FUNCTIONS }
  local child <close> = process.spawn { argv = { process.program(), "serve", "hooks.lua" }, cwd = s.directory,
    env = s.env }
  local text = ""
  for _, bytes in function() return child:read() end do text = text .. bytes end
  t.equal(child:wait(), 1)
  t.match(text, ("another perilune serve, process %d, uses"):format(s.child.pid))
end)

t.test("SIGTERM lets runs end, and answers nobody any more", function()
  local s = hooks.start { hooks = FUNCTIONS }
  s:deliver("slow", "push", "d-1", { seconds = 1 })
  hooks.await("the run to have begun", function() return content(s, "order.txt") == "begun\n" end)
  t.equal(s:stop(), 0)
  local run = s:store():run(1)
  t.equal({ run.state, run.outcome }, { "done", "done" })
  t.raises(function() s:request("GET", "/healthz") end)
end)

t.test("SIGHUP reads the hooks again; a file with mistakes changes nothing", function()
  local s = hooks.start { hooks = FUNCTIONS }
  s:write("hooks.lua", (FUNCTIONS:gsub('"slow"', '"other"')))
  s.child:kill "HUP"
  s:await_log "hooks read again"
  t.equal(s:deliver("slow", "push", "d-1", { seconds = 0 }).status, 401)
  t.equal(s:deliver("other", "push", "d-2", { seconds = 0 }).status, 202)
  s:write("hooks.lua", 'hook "third" {}')
  s.child:kill "HUP"
  t.match(s:await_log("hooks not taken over, the old ones stay").error, "hooks.lua:1")
  t.equal(s:deliver("other", "push", "d-3", { seconds = 0 }).status, 202)
end)

t.test("a plan waits for approval, is carried out as it was approved, and not when it has changed", function()
  local lab = server.start()
  local s = hooks.start { files = { ["folder.lua"] = PLAYBOOK }, env = lab.env,
    hooks = hooks_of 'hook "careful" (hook_of { run = "folder.lua", approve = "plan", vars = named })' }
  s:deliver("careful", "push", "d-1", { name = "one" })
  s:deliver("careful", "push", "d-2", { name = "two" })
  local held = s:await_run(1, "held")
  t.match(s:store():run(1).plan, 'folder "one"')
  t.equal(held.summary.add, 1)
  s:await_run(2, "held")
  t.equal(lab:govc("find", "/DC0/vm", "-name", "one"), "")
  local env = { XDG_STATE_HOME = s.directory .. "/state", USER = "tester", PATH = os.getenv "PATH" }
  local function queue(...)
    local child <close> = process.spawn { argv = { process.program(), "queue", ... }, env = env }
    local text = ""
    for _, bytes in function() return child:read() end do text = text .. bytes end
    return child:wait(), text
  end
  local status, text = queue()
  t.equal(status, 0)
  t.match(text, "held")
  t.equal({ queue("approve", "1") }, { 0, "run 1: approved\n" })
  local done = s:await_run(1, "done")
  t.equal(done.approved_by, "tester")
  t.match(lab:govc("find", "/DC0/vm", "-name", "one"), "one")
  s:write("folder.lua", PLAYBOOK .. 'folder "more" { path = "/DC0/vm/more" }\n')
  queue("approve", "2")
  t.equal(s:await_run(2).error.code, "plan.changed")
end)

t.test("while a target is away its runs wait, and run in order when it is back", function()
  local lab = server.start { lasting = true }
  local saved = lab:save()
  local s = hooks.start { files = { ["folder.lua"] = PLAYBOOK }, env = lab.env,
    hooks = hooks_of [[hook "make" (hook_of { run = "folder.lua", vars = named })
hook "here" (hook_of { target = "elsewhere", run = function() touch "here" end })]] }
  lab:kill()
  for n = 1, 3 do s:deliver("make", "push", "d-" .. n, { name = "f" .. n }) end
  t.match(s:await_log("target is away: what waits for it is held").reason, "connect")
  s:deliver("here", "push", "d-9", {})
  s:await_run(4, "done")
  for id = 1, 3 do t.equal(s:store():run(id).state, "queued") end
  lab:restart(saved)
  for id = 1, 3 do s:await_run(id, "done") end
  local started = {}
  for id = 1, 3 do started[id] = s:store():run(id).started end
  t.is_true(started[1] <= started[2] and started[1] <= started[3])
  t.match(s:request("GET", "/metrics").text, 'perilune_breaker_state{target="default",state="closed"} 1')
end)

t.test("what time may mend is tried again, and is a dead letter in the end, which can be replayed", function()
  local lab = server.start()
  local s = hooks.start { env = lab.env, hooks = hooks_of [[
hook "far" (hook_of { retries = { max = 2, first = "50ms" }, run = function()
  touch "try"
  local http = require "perilune.c.http"
  local pool <close> = http.pool { connections = 1 }
  pool:request { url = "http://127.0.0.1:1/" }
end })]] }
  s:deliver("far", "push", "d-1", {})
  local run = s:await_run(1, "dead")
  t.equal({ run.attempt, run.error.code, content(s, "order.txt") }, { 3, "http.connect", "try\ntry\ntry\n" })
  t.match(s:log_of(1), "attempt 2 of 3 failed")
  local status = process.run { process.program(), "queue", "replay", "1", "--store",
    s.directory .. "/state/perilune/store.db" }
  t.equal(status, 0)
  t.equal(s:await_run(2, "dead").source, 1)
end)

t.test("others are told of failures, with cause and link", function()
  local told = hooks.start { hooks = [[listen "127.0.0.1:0"
hook "told" { auth = none, run = function(event)
  local file <close> = io.open("told.json", "w")
  file:write(json.encode(event.body))
end }]] }
  local s = hooks.start { hooks = hooks_of(([[public_url "https://runs.example"
hook "bad" (hook_of { notify = { on = "failure", url = "%s/hooks/told" },
  run = function() error "no such thing" end })]]):format(told.url)) }
  s:deliver("bad", "push", "d-1", {})
  told:await_run(1, "done")
  local body = require("perilune.c.json").decode(content(told, "told.json"))
  t.equal({ body.state, body.run, body.link }, { "failed", 1, "https://runs.example/runs/1" })
  t.match(body.text, "no such thing")
end)

t.test("a playbook comes from git, of exactly the commit that is named", function()
  local lab, repository = server.start(), t.tmpdir()
  local function git(...)
    local words = table.pack("git", "-C", repository, "-c", "user.name=t", "-c", "user.email=t@example", ...)
    local status, text = process.run(words)
    t.equal(status, 0)
    return (text:gsub("%s+$", ""))
  end
  git("init", "-q", "-b", "main")
  git("config", "uploadpack.allowAnySHA1InWant", "true")
  local function commit(name)
    local file <close> = io.open(repository .. "/site.lua", "w")
    file:write(('playbook "g"\nfolder "%s" { path = "/DC0/vm/%s" }\n'):format(name, name))
    file:close()
    git("add", ".")
    git("commit", "-q", "-m", name)
    return git("rev-parse", "HEAD")
  end
  local first = commit "first"
  commit "second"
  local s = hooks.start { env = lab.env, hooks = hooks_of(([[hook "site" (hook_of { run = "site.lua",
  source = git { url = "file://%s", ref = function(event) return event.body.ref end } })]]):format(repository)) }
  s:deliver("site", "push", "d-1", { ref = first })
  t.equal(s:await_run(1, "done").commit, first)
  t.match(lab:govc("find", "/DC0/vm", "-type", "f"), "/DC0/vm/first")
  s:deliver("site", "push", "d-2", { ref = "--upload-pack=touch /tmp/x" })
  t.match(s:await_run(2).error.message, "no name of a commit")
  s:deliver("site", "push", "d-3", { ref = "no-such-branch" })
  t.equal(s:await_run(3).error.code, "serve.git")
end)

t.test("systemd passes the socket on, and is told when all is ready", function()
  local directory = t.tmpdir()
  local script = directory .. "/activate.py"
  local file <close> = assert(io.open(script, "w"))
  file:write [[
import os, signal, socket, sys
program, hooks, notify = sys.argv[1:4]
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen(5)
print(s.getsockname()[1], flush=True)
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); n.bind(notify)
pid = os.fork()
if pid == 0:
    os.dup2(s.fileno(), 3); os.set_inheritable(3, True)
    env = dict(os.environ, LISTEN_FDS="1", LISTEN_PID=str(os.getpid()), NOTIFY_SOCKET=notify)
    os.execve(program, [program, "serve", hooks], env)
s.close()
signal.signal(signal.SIGTERM, signal.SIG_IGN)
while True:
    text = n.recv(4096).decode()
    print(text.splitlines()[0], flush=True)
    if text.startswith("STOPPING"): break
os.waitpid(pid, 0)
]]
  file:close()
  local path = directory .. "/hooks.lua"
  local out <close> = assert(io.open(path, "w"))
  out:write 'hook "x" { auth = none, run = function() end }'
  out:close()
  local child <close> = process.spawn {
    argv = { "/usr/bin/python3", script, process.program(), path, directory .. "/notify" },
    env = { PATH = os.getenv "PATH", XDG_STATE_HOME = directory },
  }
  local text = ""
  local function read_until(pattern)
    scope.timeout(30, function()
      while not text:find(pattern) do
        local stream, bytes = child:read()
        if not stream then t.fail("it ended: %s", text) end
        if stream == "stdout" then text = text .. bytes end
      end
    end)
  end
  read_until "READY=1"
  local status, answer = process.run { "curl", "-s", ("http://127.0.0.1:%s/healthz"):format(text:match "^%d+") }
  t.equal({ status, answer }, { 0, '{"status":"ok"}\n' })
  child:kill "TERM"
  read_until "STOPPING=1"
  task.sleep(0.1)
end)
