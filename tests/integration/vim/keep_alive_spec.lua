--- Sessions of a server that ends idle ones: kept alive where that is wanted, else renewed.
local connection = require "perilune.vim.connection"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local tags = require "perilune.vim.tags"
local task = require "perilune.c.task"

local REST_LOGIN = "POST /rest/com/vmware/cis/session"

--- A connection whose sessions, of both kinds, the server ends after a second of idleness.
local function open(keep_alive)
  local lab = server.start { "-session-timeout", "1s" }
  local target = lab:target()
  target.keep_alive = keep_alive
  local vc = connection.open(target)
  t.cleanup(function() vc:close() end)
  tags.categories(vc)
  return vc, lab
end

t.test("idle sessions of SOAP and REST outlive the server's limit", function()
  local vc, lab = open(0.2)
  task.sleep(3) -- three times the limit: nothing else can be waited for
  t.equal(lab:sessions(), 1)
  vc:current_time()
  tags.categories(vc)
  t.equal({ lab:requests().soap.Login, lab:requests().rest[REST_LOGIN] }, { 1 + 1, 1 }) -- one is govc's
  t.equal({ vc:stats().logins, vc.rest_session.logins }, { 1, 1 })
end)

t.test("sessions that ended for idleness are renewed when they are needed", function()
  local vc, lab = open()
  while lab:sessions() > 0 do task.sleep(0.2) end
  task.sleep(1.5) -- REST's sessions have no list
  vc:current_time()
  tags.categories(vc)
  t.equal({ vc:stats().logins, vc.rest_session.logins }, { 2, 2 })
end)

t.test("a connection that never used REST does not begin to for the sake of its session", function()
  local lab = server.start {}
  local target = lab:target()
  target.keep_alive = 0.05
  local vc <close> = connection.open(target) -- luacheck: ignore 211
  while (lab:requests().soap.CurrentTime or 0) < 3 do task.sleep(0.02) end
  t.equal(lab:requests().rest, {})
end)
