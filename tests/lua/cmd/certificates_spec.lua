--- What the program prints about each certificate that is wrong, each after a real handshake.
local t = require "tests.support.spec"

--- Starts a server whose certificate is wrong in one way; returns what it printed, by its first word.
local function serve(case)
  local program = (os.getenv "BUILD" or "build") .. "/unit/support/tls_peer"
  local peer = t.background { program, case, env = { TMPDIR = t.tmpdir() } }
  peer:wait_for "url "
  local said = {}
  for word, value in peer:text("stdout"):gmatch "(%S+) (%S+)\n" do
    said[word] = said[word] or {}
    table.insert(said[word], value)
  end
  return said
end

--- Connects to a server as a target that believes its authority and has more fields; returns what was printed.
local function connect(said, more)
  local home = t.tmpdir()
  local function write(name, text)
    local file = assert(io.open(home .. "/" .. name, "w"))
    file:write(text)
    file:close()
  end
  write("connect.lua", "vcenter()")
  local fields = 'url = %q, user = "u", password = secret.env "P", ca_file = %q, proxy = false '
  write("targets.lua", ('target "lab" { ' .. fields .. "%s }"):format(said.url[1], said.ca[1], more or ""))
  local result = t.command {
    "build/perilune", "run", "connect.lua", "-t", "lab", cwd = home, env = { HOME = home, P = "p" },
  }
  t.equal(result.status, 4, result.stderr)
  return result.stderr
end

local TRUST = "to trust just this certificate: perilune target trust lab   (SHA-256 "

local CASES = {
  ["self-signed"] = { "is not trusted: it is self-signed", "leaf      CN=esx-01", TRUST },
  stranger = { 'its root "CN=Stranger" is unknown here', "root      CN=Stranger", "/certs/download.zip", TRUST },
  missing = {
    'that of its issuer "CN=Lab Issuing CA 2" is missing', "missing   CN=Lab Issuing CA 2",
    'get "CN=Lab Issuing CA 2" from http://pki.lab.example/ca2.crt', TRUST,
  },
  expired = { " expired on ", "leaf      CN=leaf", "root      CN=Lab Root CA", "renew it on the server", TRUST },
  early = { " is not valid before ", "set the clock", TRUST },
  name = { "is for another name; it has: vcenter.lab.example, 10.0.0.1", "connect by one of these names", TRUST },
  weak = { "is too weak: its key is too short", TRUST },
  old = { "offers no TLS 1.2 or newer", "enable TLS 1.2" },
}

for case, parts in pairs(CASES) do
  t.test("tells what is wrong and what to do: " .. case, function()
    local text = connect(serve(case))
    for _, part in ipairs(parts) do t.match(text, part) end
    t.match(text, "What to do: ")
  end)
end

t.test("a certificate on the revocation list is told, and not offered to be trusted", function()
  local said = serve "revoked"
  t.match(connect(said), "no vSphere") -- nobody asks for the list
  local text = connect(said, (", crl_file = %q"):format(said.crl[1]))
  t.match(text, "was revoked by its issuer on ")
  t.match(text, "do not log in")
  t.is_nil(text:find("target trust", 1, true))
end)

t.test("a client certificate is asked for, refused, and good", function()
  local said = serve "client"
  t.match(connect(said), "requires a client certificate")
  t.match(connect(said, (", cert = %q, key = %q"):format(said.cert[2], said.key[2])),
    "refused our client certificate: unknown CA")
  t.match(connect(said, (", cert = %q, key = %q"):format(said.cert[1], said.key[1])), "no vSphere")
  local other = (", cert = %q, key = %q"):format(said.cert[1], said.key[2])
  t.match(connect(said, other), "does not belong to the certificate")
end)

t.test("what is not TLS at all says what it is instead", function()
  local said = serve "plain"
  said.url[1] = said.url[1]:gsub("^http:", "https:")
  t.match(connect(said), 'does not speak TLS: it answers plain HTTP, "HTTP/"')
end)
