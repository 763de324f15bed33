--- What a person can do wrong: each ends with a message that says where and what to do, and nothing changed.
local server = require "tests.support.server"
local t = require "tests.support.spec"

local function playbook(text)
  local path = t.tmpdir() .. "/play.lua"
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

--- Plans and applies a playbook that has a mistake; returns what was printed.
local function refused(vc, text, status)
  local path = playbook(text)
  local before = vc:govc("find", "/")
  local result
  for _, command in ipairs { { "plan", path }, { "apply", path, "-y" } } do
    result = vc:perilune(table.unpack(command))
    t.equal(result.status, status or 1, result.stdout .. result.stderr)
  end
  t.equal(vc:govc("find", "/"), before)
  return result.stdout .. result.stderr
end

local VM = [[
vm "a" {
  pool = cluster("DC0_C0").pool, datastore = datastore "LocalDS_0",
  cpus = 2,
  %s
}
]]

t.test("a syntax error has its line and what was near", function()
  t.match(refused(server.start(), "folder \"x\" {\n  path = = 3\n}\n"), "play.lua:2:")
end)

t.test("an unknown field has its own line and the nearest name", function()
  local text = refused(server.start(), VM:format 'memry = "4GiB",')
  t.match(text, 'play.lua:4: vm "a": unknown field "memry"; did you mean "memory"?')
end)

t.test("several mistakes are told at once", function()
  local text = refused(server.start(), VM:format 'memory = "4 gigs", power = "up", disks = { { size = true } },')
  t.match(text, "memory")
  t.match(text, "power")
  t.match(text, "disks[1].size")
  t.match(text, "3 mistakes; nothing was read or changed")
end)

t.test("a value out of range says the range", function()
  t.match(refused(server.start(), 'portgroup "p" { hosts = cluster("DC0_C0").hosts, vlan = 5000 }'), "4095")
end)

t.test("a resource declared twice shows both lines", function()
  local text = refused(server.start(), 'folder "x" { path = "/DC0/vm/x" }\nfolder "x" { path = "/DC0/vm/y" }')
  t.match(text, "play.lua:2:")
  t.match(text, "play.lua:1")
end)

t.test("an unknown word has the nearest one", function()
  t.match(refused(server.start(), 'local c = clutser "DC0_C0"'), 'did you mean "cluster"?')
end)

t.test("a lookup of nothing names what is near", function()
  local text = refused(server.start(), 'portgroup "p" { hosts = cluster("DC0_C1").hosts }')
  t.match(text, "play.lua:1:")
  t.match(text, 'did you mean "DC0_C0"?')
end)

t.test("a lookup of two things lists both", function()
  local vc = server.start { "-dc", "2" }
  local text = refused(vc, VM:format 'folder = folder "vm",')
  t.match(text, "/DC0/vm")
  t.match(text, "/DC1/vm")
end)

t.test("resources that wait for each other are shown as the circle they are", function()
  local text = refused(server.start(), [[
local a, b = folder "a", folder "b"
a { path = "/DC0/vm/a", after = { b } }
b { path = "/DC0/vm/b", after = { a } }
]])
  t.match(text, 'folder "a"')
  t.match(text, 'folder "b"')
end)

t.test("a call of the API while declaring is refused with a word about run", function()
  t.match(refused(server.start(), "local vc = vcenter()"), "perilune run")
end)

t.test("a wrong password is tried once, and the message says where it came from", function()
  local vc = server.start { "-username", "admin", "-password", "right" }
  vc.env.GOVC_USERNAME, vc.env.GOVC_PASSWORD = "admin", "wrong"
  local result = vc:perilune("plan", "playbooks/web-tier.lua")
  t.equal(result.status, 4)
  t.match(result.stderr, "wrong user name or password")
  t.match(result.stderr, "GOVC_PASSWORD")
  t.is_nil((result.stdout .. result.stderr):find("wrong\"", 1, true))
  t.equal(vc:requests().soap.Login, 1)
end)

t.test("a host that does not answer", function()
  local result = t.command {
    "build/perilune", "plan", "playbooks/web-tier.lua",
    env = { GOVC_URL = "https://127.0.0.1:1/sdk", GOVC_USERNAME = "u", GOVC_PASSWORD = "p" },
  }
  t.equal(result.status, 4)
  t.match(result.stderr, "127.0.0.1:1")
end)

local function certificate(directory, days, name)
  local script = [[
    cd %s && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Test CA" -keyout ca.key -out ca2.pem &&
    openssl req -newkey rsa:2048 -nodes -subj /CN=leaf -keyout leaf.key -out leaf.csr &&
    printf 'subjectAltName=%s\n' > ext &&
    openssl x509 -req -in leaf.csr -CA ca2.pem -CAkey ca.key -CAcreateserial -days %d -extfile ext -out leaf.pem]]
  assert(os.execute(("{ %s; } >/dev/null 2>&1"):format(script:format(directory, name, days))))
end

local function with_certificate(days, name)
  local directory = t.tmpdir()
  certificate(directory, days, name)
  local vc = server.start { "-tlscert", directory .. "/leaf.pem", "-tlskey", directory .. "/leaf.key" }
  vc.env.GOVC_TLS_CA_CERTS = directory .. "/ca2.pem"
  return vc
end

t.test("a certificate that nobody vouches for", function()
  local vc = server.start()
  vc.env.GOVC_TLS_CA_CERTS = false
  local result = vc:perilune("plan", "playbooks/web-tier.lua")
  t.equal(result.status, 4)
  t.match(result.stderr, "not trusted")
  t.match(result.stderr, "perilune target trust   (SHA-256 ")
  t.match(result.stderr, "SHA-256")
end)

t.test("an expired certificate has its date", function()
  local result = with_certificate(-1, "IP:127.0.0.1"):perilune("plan", "playbooks/web-tier.lua")
  t.equal(result.status, 4)
  t.match(result.stderr, "expired")
end)

t.test("a certificate for another name lists the names it has", function()
  local result = with_certificate(2, "DNS:vcenter.lab.example"):perilune("plan", "playbooks/web-tier.lua")
  t.equal(result.status, 4)
  t.match(result.stderr, "vcenter.lab.example")
end)

t.test("a server that is no vSphere", function()
  local vc = server.start()
  vc.env.GOVC_URL = vc.env.GOVC_URL:gsub("/sdk$", "/elsewhere")
  local result = vc:perilune("plan", "playbooks/web-tier.lua")
  t.equal(result.status, 4, result.stderr)
  t.match(result.stderr, "vSphere")
end)

t.test("a target that is not defined is an error, never another place", function()
  local vc = server.start()
  local result = vc:perilune("plan", "playbooks/web-tier.lua", "-t", "labb")
  t.equal(result.status, 1)
  t.match(result.stderr, "labb")
  t.is_nil(vc:requests().soap.Login)
end)
