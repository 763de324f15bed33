--- The pages in Chromium: browser.py says what a person sees and does there.
local hooks = require "tests.support.hooks"
local password = require "perilune.serve.pages.password"
local process = require "perilune.c.process"
local t = require "tests.support.spec"

local HOOKS = [[
listen "127.0.0.1:0"
pages { users = {
  ops = { password = "%s", roles = { "run", "approve" } },
  guest = { password = "%s", roles = { "view" } },
} }
hook "fine" {
  auth = none, key = function(event) return event.body.n end, run = function(event) print(event.body.n) end,
}
hook "slow" { auth = none, run = function() print "begun" io.stdout:flush() sleep(60) end }
]]

local EXPECTED = 11

local function browse(s)
  local child <close> = process.spawn {
    argv = { "/usr/bin/python3", "tests/integration/serve/browser.py", s.url, os.getenv "SCREENSHOTS" or t.tmpdir() },
  }
  local out = { stdout = "", stderr = "" }
  for stream, bytes in function() return child:read() end do out[stream] = out[stream] .. bytes end
  child:wait()
  return out.stdout, out.stderr
end

t.test("people sign in, watch runs come, and steer them", function()
  local s = hooks.start { hooks = HOOKS:format(password.hash "secret", password.hash "secret2") }
  local told, problems = browse(s)
  local count = 0
  for line in told:gmatch "[^\n]+" do
    if not line:find "^ok" then t.fail("%s", line) end
    count = count + 1
  end
  t.equal(count, EXPECTED, problems)
end)

t.test("pages without sign-in are for this machine alone", function()
  local s = hooks.start { wait = false, hooks = [[listen "0.0.0.0:0"
pages { sign_in = false }
hook "x" { auth = none, run = function() end }]] }
  hooks.await("the server to refuse", function() return s.is_silent end)
  t.match(table.concat(s.text, "\n"), "without sign-in they are only for this machine, and 0.0.0.0 is not")
end)

t.test("pages without sign-in answer only to names of this machine", function()
  local s = hooks.start { hooks = [[listen "127.0.0.1:0"
pages { sign_in = false }
hook "x" { auth = none, run = function() end }]] }
  for host, wanted in pairs { ["127.0.0.1"] = "200", ["localhost:8443"] = "200", ["rebound.example:8443"] = "403" } do
    local words = { "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: " .. host, s.url .. "/" }
    t.equal({ process.run(words) }, { 0, wanted }, host)
  end
end)

t.test("the pages come and go with the hooks, and who is signed in stays", function()
  local text = HOOKS:format(password.hash "secret", password.hash "secret2")
  local s = hooks.start { hooks = text }
  local form = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  local cookie = s:request("POST", "/sign-in", form, "user=ops&password=secret").cookie:match "^[^;]+"
  t.equal(s:request("GET", "/", { Cookie = cookie }).status, 200)
  s.child:kill "HUP"
  s:await_log "hooks read again"
  t.equal(s:request("GET", "/", { Cookie = cookie }).status, 200)
  local after = #s.records
  s:write("hooks.lua", (text:gsub("pages %b{}", "")))
  s.child:kill "HUP"
  s:await_log("hooks read again", after)
  t.equal(s:request("GET", "/", { Cookie = cookie }).status, 404)
end)

t.test("without the word there are no pages", function()
  local s = hooks.start { hooks = [[listen "127.0.0.1:0"
hook "x" { auth = none, run = function() end }]] }
  t.equal(s:request("GET", "/").status, 404)
  t.equal(s:request("GET", "/sign-in").status, 404)
end)

t.test("a guess at passwords is slowed down, and told nothing", function()
  local s = hooks.start { hooks = HOOKS:format(password.hash "secret", password.hash "secret2") }
  local status
  for _ = 1, 11 do
    status = s:request("POST", "/sign-in", { ["Content-Type"] = "application/x-www-form-urlencoded" },
      "user=ops&password=guess").status
  end
  t.equal(status, 429)
end)
