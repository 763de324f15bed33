--- hooks.lua: what is read from it, and what is said of its mistakes.
local config = require "perilune.serve.config"
local t = require "tests.support.spec"

local ENV = { SECRET = "s" }

local function write(path, text)
  local file <close> = assert(io.open(path, "w"))
  file:write(text)
end

local function load(text)
  local directory = t.tmpdir()
  write(directory .. "/hooks.lua", text)
  write(directory .. "/site.lua", "")
  return config.load(directory .. "/hooks.lua", { env = function(name) return ENV[name] end })
end

local function mistake(text, code)
  local e = t.raises(function() load(text) end, code or "serve.config")
  t.match(e.where.file, "hooks.lua")
  return e
end

t.test("a hook has defaults, and its units become numbers", function()
  local found = load [[
hook "one" { auth = github { secret = secret.env "SECRET" }, run = "site.lua", timeout = "15m", memory = "2GiB",
  retries = { max = 3, first = "10s" } }
hook "two" { auth = none, run = function() end, notify = { url = "https://x.example" } }
]]
  local one, two = found.hooks.one, found.hooks[2]
  t.equal({ one.timeout, one.memory, one.keep, one.auth.name }, { 900, 2 << 30, "all", "github" })
  t.equal({ one.retries.max, one.retries.first, one.retries.backoff }, { 3, 10, "exponential" })
  t.equal({ two.name, #two.notify, two.retries.max }, { "two", 1, 0 })
  t.equal(found.listen, { { address = "127.0.0.1", port = 8443 } })
  t.equal(found.limits.runs, 4)
end)

t.test("where to listen", function()
  local function listen(text)
    return load(("listen %s\nhook \"x\" { auth = none, run = function() end }"):format(text)).listen
  end
  t.equal(listen '"[::1]:80"', { { address = "::1", port = 80 } })
  t.equal(listen '{ "127.0.0.1:0", ":443" }', { { address = "127.0.0.1", port = 0 }, { address = "::", port = 443 } })
  t.match(mistake('listen "localhost"\nhook "x" {}').hint, "127.0.0.1:8443")
  t.match(mistake('listen "127.0.0.1:99999"').message, "no address")
  t.match(mistake('listen ":1"\nlisten ":2"').message, "said twice, first in line 1")
end)

t.test("a hook says who may call", function()
  local e = mistake 'hook "x" { run = function() end }'
  t.match(e.message, 'hook "x" does not say who may call it')
  t.match(e.hint, "auth = none lets everybody in")
  t.equal(load('hook "x" { auth = none, run = function() end }').hooks.x.auth.name, "none")
end)

t.test("misspelt words and fields are told with their line and the nearest one", function()
  local e = mistake '\nhook "x" {\n  auth = none,\n  rum = "site.lua",\n}'
  t.equal({ e.where.line, e.hint }, { 4, 'did you mean "run"?' })
  t.equal(mistake('hok "x" {}').hint, 'did you mean "hook"?')
  t.match(mistake('hook "x" { auth = none, run = "site.lua", retries = { maxx = 1 } }').message, 'did you mean "max"')
  t.match(mistake('hook "x" { auth = none, run = "site.lua", allow = { "rebot" } }').message, 'did you mean "reboot"')
  t.match(mistake('limits { run = 1 }').hint, "runs")
end)

t.test("values are checked", function()
  local function field(text) return mistake(('hook "x" { auth = none, run = "site.lua", %s }'):format(text)).message end
  t.match(field 'timeout = "soon"', "timeout")
  t.match(field "timeout = -1", "timeout")
  t.match(field 'keep = "newest"', '"all" or "latest"')
  t.match(field "when = true", "function of the event")
  t.match(field 'approve = "yes"', '"plan"')
  t.match(field 'notify = { url = "ftp://x" }', "URL of a web server")
  t.match(field 'notify = { on = "failure" }', "it has no url")
  t.match(field 'source = "https://x"', "git {")
  t.match(field 'auth = "none"', "who may call")
end)

t.test("what cannot go together does not", function()
  t.match(mistake('hook "x" { auth = none }').message, "nothing to run")
  t.match(mistake('hook "x" { auth = none, run = function() end, approve = "plan" }').message, "no plan")
  t.match(mistake('hook "x" { auth = none, run = function() end, vars = {} }').message, "for playbooks")
  t.match(mistake('hook "x" { auth = none, run = "gone.lua" }').message, "gone.lua")
  t.match(mistake('hook "x" { auth = none, run = "site.lua" }\nhook "x" {}').message, "defined twice, first in line 1")
  t.match(t.raises(function() load "local x = 1" end, "serve.config").message, "defines no hook")
end)

t.test("git is only given what is an address of a repository", function()
  local e = mistake 'hook "x" { auth = none, run = "site.lua", source = git { url = "ext::sh -c id", ref = "main" } }'
  t.match(e.message, "no URL of a repository")
end)

t.test("nothing is called while the file is read", function()
  for _, text in ipairs {
    "vcenter()", 'os.execute "true"', 'io.open "x"', 'print "x"', 'require "x"', 'log.info "x"',
  } do
    local e = mistake(text)
    t.match(e.message, "only there where a hook runs")
  end
end)

t.test("a secret that is not there is told by its name", function()
  local e = mistake('hook "x" { auth = bearer { token = secret.env "MISSING" }, run = "site.lua" }', "secret")
  t.match(e.message, "MISSING")
end)

t.test("pages want hashes of passwords, not passwords", function()
  local e = mistake 'pages { users = { ops = { password = "plain" } } }'
  t.match(e.message, "--hash-password")
end)

t.test("the process of a run needs no secrets of hooks", function()
  local directory = t.tmpdir()
  write(directory .. "/hooks.lua",
    'hook "x" { auth = bearer { token = secret.env "MISSING" }, run = function() return word end }')
  local found = config.load(directory .. "/hooks.lua", { env = function() end, run_words = { word = 7 } })
  t.equal(found.hooks.x.run(), 7)
end)
