local knownhosts = require "perilune.vim.knownhosts"
local t = require "tests.support.spec"

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function thumbprints(path, host, port)
  local list = {}
  for i, known in ipairs(knownhosts.find({ path }, host, port)) do list[i] = known.thumbprint end
  return list
end

t.test("finds a server by host and port, as govc writes them", function()
  local path = write(t.tmpdir() .. "/known",
    "# vc.example ZZ\nvc.example AA\nVC.example:8443 BB:CC\r\n[::1]:8443 DD\n::1 EE\n10.0.0.1:443   FF  \n\nalone\n")
  t.equal(thumbprints(path, "vc.example", 443), { "AA" })
  t.equal(thumbprints(path, "vc.example", 8443), { "BB:CC" })
  t.equal(thumbprints(path, "::1", 8443), { "DD" })
  t.equal(thumbprints(path, "::1", 443), { "EE" })
  t.equal(thumbprints(path, "10.0.0.1", 443), { "FF" })
  t.equal(thumbprints(path, "alone", 443), {})
  t.equal(knownhosts.find({ path }, "VC.Example", 8443), { { thumbprint = "BB:CC", file = path, line = 3 } })
end)

t.test("a file that is not there knows nothing", function()
  t.equal(knownhosts.find({ t.tmpdir() .. "/none" }, "vc.example", 443), {})
end)

t.test("remembers one thumbprint of a server and leaves the others alone", function()
  local path = write(t.tmpdir() .. "/known", "# mine\nother AA\nvc.example BB\nvc.example:443 CC\nvc.example:444 DD\n")
  knownhosts.remember(path, "vc.example", 443, "EE", "CN=vc")
  t.find(read(path), "^# mine\nother AA\nvc.example:444 DD\n# CN=vc, trusted on %d+%-%d+%-%d+\nvc.example:443 EE\n$")
  knownhosts.remember(path, "VC.example", 443, "FF", "CN=vc\nother:443 00")
  t.equal(thumbprints(path, "vc.example", 443), { "FF" })
  t.equal(thumbprints(path, "other", 443), { "AA" })
  t.is_nil(read(path):find("CN=vc, trusted", 1, true)) -- the note of the line that went, went too
end)

t.test("makes the file, and an IPv6 address gets its brackets", function()
  local path = t.tmpdir() .. "/known"
  knownhosts.remember(path, "::1", 8443, "AA", "CN=vc")
  t.match(read(path), "\n[::1]:8443 AA\n")
  t.equal(thumbprints(path, "::1", 8443), { "AA" })
end)

t.test("a file that cannot be written is an error with its name", function()
  t.match(t.raises(function()
    knownhosts.remember("/nonexistent/known", "vc", 443, "AA", "n")
  end, "io").message, "/nonexistent/known")
end)
