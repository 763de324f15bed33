local mask = require "perilune.serve.mask"
local runlog = require "perilune.serve.runlog"
local secret = require "perilune.util.secret"
local t = require "tests.support.spec"

local function log_with(limit, secrets)
  local lines = {}
  local log = runlog.new {
    limit = limit, mask = mask.new(secrets or {}),
    write = function(entries)
      for _, entry in ipairs(entries) do lines[#lines + 1] = entry.stream .. ": " .. entry.text end
    end,
  }
  return log, lines
end

t.test("output becomes lines, however it was cut into pieces", function()
  local log, lines = log_with(1000)
  log:add("stdout", "one\ntw")
  log:add("stderr", "problem\n")
  log:add("stdout", "o\nthree")
  log:finish()
  t.equal(lines, { "stdout: one", "stderr: problem", "stdout: two", "stdout: three" })
end)

t.test("secrets are taken out, also where they came in pieces", function()
  local log, lines = log_with(1000, { secret.new "s3cret!", "tok%en-1", "abc" })
  log:add("stdout", "password s3c")
  log:add("stdout", "ret! and tok%en-1 and abc\n")
  t.equal(lines, { "stdout: password *** and *** and abc" })
end)

t.test("what passes the limit is left out, and that is said once", function()
  local log, lines = log_with(10)
  for _ = 1, 5 do log:add("stdout", "12345\n") end
  log:finish()
  t.equal(#lines, 3)
  t.match(lines[3], "limit")
end)

t.test("a line without an end takes bounded memory", function()
  local log, lines = log_with(1 << 20)
  for _ = 1, 10 do log:add("stdout", ("x"):rep(16384)) end
  log:finish()
  t.equal(#lines, 10)
end)

t.test("bytes that could steer a terminal or break a page are shown, not kept", function()
  local log, lines = log_with(1000)
  log:add("stdout", "\27[31mred\0\n")
  t.is_nil(lines[1]:find "[\27%z]")
end)
