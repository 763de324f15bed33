local secret = require "perilune.util.secret"
local t = require "tests.support.spec"
local target = require "perilune.vim.target"

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local function env_of(values)
  return function(name) return values[name] end
end

local function find(values, text, name)
  local files = {}
  if text then
    files[1] = write(t.tmpdir() .. "/targets.lua", text)
  end
  return target.find { name = name, env = env_of(values), files = files }
end

local LAB = [[
target "lab" {
  url = "https://vcenter.lab.example",
  user = "automation@vsphere.local",
  password = secret.env "LAB_PASSWORD",
  thumbprint = "4F:1C",
}
]]

-- The environment -------------------------------------------------------------------------------------------

t.test("GOVC_URL gives place, user and password", function()
  local found = find { GOVC_URL = "https://me:pw@vc.example:8989/sdk" }
  t.equal({ found.url, found.user, secret.reveal(found.password), found.name },
    { "https://vc.example:8989/sdk", "me", "pw", "vc.example" })
  t.equal(found.source, { url = "GOVC_URL", user = "GOVC_URL", password = "GOVC_URL" })
end)

t.test("GOVC_USERNAME and GOVC_PASSWORD override those of the URL", function()
  local found = find { GOVC_URL = "https://me:pw@vc.example", GOVC_USERNAME = "you", GOVC_PASSWORD = "other" }
  t.equal({ found.user, secret.reveal(found.password) }, { "you", "other" })
  t.equal({ found.source.user, found.source.password }, { "GOVC_USERNAME", "GOVC_PASSWORD" })
end)

t.test("GOVC_PASSWORD may name a file, whose trimmed content counts", function()
  local path = write(t.tmpdir() .. "/password", "  from file\n")
  local found = find { GOVC_URL = "https://me@vc.example", GOVC_PASSWORD = path }
  t.equal(secret.reveal(found.password), "from file")
end)

for text, wanted in pairs { ["1"] = true, ["true"] = true, ["yes"] = false, ["0"] = false, ["TRUE"] = false } do
  t.test(("GOVC_INSECURE=%s is %s"):format(text, tostring(wanted)), function()
    t.equal(find({ GOVC_URL = "https://me:pw@vc.example", GOVC_INSECURE = text }).insecure, wanted)
  end)
end

t.test("GOVC_TLS_CA_CERTS is a list, and known hosts give the thumbprint of the host alone", function()
  local lines = "other:443 AA:BB\n# vc.example ZZ\nvc.example:8989 CC:DD\nvc.example EE\n"
  local known = write(t.tmpdir() .. "/known", lines)
  local found = find {
    GOVC_URL = "https://me:pw@vc.example:8989", GOVC_TLS_CA_CERTS = "/a.pem:/b.pem", GOVC_TLS_KNOWN_HOSTS = known,
  }
  t.equal({ found.ca_files, found.thumbprints }, { { "/a.pem", "/b.pem" }, { "CC:DD" } })
end)

t.test("our own known hosts count for every target, but for one with a thumbprint of its own", function()
  local known = write(t.tmpdir() .. "/known", "vcenter.lab.example AA:BB\n")
  local env = { LAB_PASSWORD = "pw", PERILUNE_KNOWN_HOSTS = known }
  local found = find(env, LAB, "lab")
  t.equal({ found.thumbprints, found.trust_command, found.is_known }, { { "4F:1C" } })
  t.find(found.thumbprint_source, "targets%.lua:1$")
  found = find(env, LAB:gsub("thumbprint[^\n]*", ""), "lab")
  t.equal(found.thumbprints, { "AA:BB" })
  t.equal({ found.thumbprint_source, found.trust_command }, { known .. ":1", "perilune target trust lab" })
  env.PERILUNE_URL = "https://me:pw@vcenter.lab.example"
  found = find(env)
  t.equal({ found.thumbprints, found.trust_command }, { { "AA:BB" }, "perilune target trust" })
end)

t.test("they are in the user's configuration where nothing else is said", function()
  local found = find { GOVC_URL = "https://me:pw@vc.example", HOME = "/home/me" }
  t.equal(found.known_hosts, "/home/me/.config/perilune/known_hosts")
end)

t.test("a target names files, directories and lists of revoked certificates", function()
  local found = find({}, [[target "lab" {
    url = "https://me:pw@vc.example", ca_file = { "a.pem", "b.pem" }, ca_dir = "/ca", crl_file = "x.crl",
  }]], "lab")
  t.equal({ found.ca_files, found.ca_dir, found.crl_files }, { { "a.pem", "b.pem" }, "/ca", { "x.crl" } })
end)

t.test("a bare target needs no password, and fetches none", function()
  local found = target.find { name = "lab", bare = true, env = env_of {}, files = {
    write(t.tmpdir() .. "/targets.lua", LAB),
  } }
  t.equal({ found.host, found.user, found.password }, { "vcenter.lab.example", "automation@vsphere.local" })
end)

t.test("VSPHERE_SERVER is a host or host:port", function()
  local found = find {
    VSPHERE_SERVER = "vc.example:444", VSPHERE_USER = "me", VSPHERE_PASSWORD = "pw",
    VSPHERE_ALLOW_UNVERIFIED_SSL = "true", VSPHERE_VIM_KEEP_ALIVE = "3",
  }
  t.equal({ found.url, found.insecure, found.keep_alive }, { "https://vc.example:444/sdk", true, 180 })
end)

t.test("VMWARE_HOST checks certificates unless told not to", function()
  local values = { VMWARE_HOST = "vc.example", VMWARE_USER = "me", VMWARE_PASSWORD = "pw", VMWARE_PORT = "8443" }
  t.equal({ find(values).url, find(values).insecure }, { "https://vc.example:8443/sdk", false })
  values.VMWARE_VALIDATE_CERTS = "no"
  t.is_true(find(values).insecure)
end)

t.test("PERILUNE_URL comes before GOVC_URL, and the two are not mixed", function()
  local e = t.raises(function()
    find { PERILUNE_URL = "https://me@mine.example", GOVC_URL = "https://me:pw@vc.example", GOVC_PASSWORD = "pw" }
  end, "target.invalid")
  t.match(tostring(e), "PERILUNE_PASSWORD")
end)

t.test("without a user the variable to set is named", function()
  local e = t.raises(function() find { GOVC_URL = "vc.example" } end, "target.invalid")
  t.match(tostring(e), "GOVC_USERNAME")
end)

t.test("an empty variable is one that is not set", function()
  t.raises(function() find { GOVC_URL = "" } end, "target.missing")
end)

-- targets.lua -----------------------------------------------------------------------------------------------

t.test("--target takes what targets.lua defines, before any variable", function()
  local found = find({ LAB_PASSWORD = "pw", GOVC_URL = "https://me:no@vc.example" }, LAB, "lab")
  t.equal({ found.name, found.host, found.user, secret.reveal(found.password), found.thumbprints },
    { "lab", "vcenter.lab.example", "automation@vsphere.local", "pw", { "4F:1C" } })
  t.equal(found.source.password, "LAB_PASSWORD")
end)

t.test("a target that is not defined is an error with the nearest one, even if a variable names a server", function()
  local e = t.raises(function() find({ GOVC_URL = "https://me:no@vc.example" }, LAB, "lap") end, "target.unknown")
  t.match(tostring(e), 'did you mean "lab"?')
  t.match(tostring(e), "defined are: lab")
end)

t.test("a URL is no name of a target", function()
  local e = t.raises(function() find({}, LAB, "https://vc.example") end, "target.unknown")
  t.match(e.hint, "PERILUNE_URL")
end)

t.test("the only target is taken when nothing else is said", function()
  t.equal(find({ LAB_PASSWORD = "pw" }, LAB).name, "lab")
end)

local TWO = LAB .. [[target "prod" { url = "prod.example", user = "me", password = secret.env "NONE" %s }]]

t.test("of two targets the default one is taken", function()
  local e = t.raises(function() find({ LAB_PASSWORD = "pw" }, TWO:format "") end, "target.missing")
  t.match(tostring(e), "lab, prod")
  t.equal(find({ NONE = "pw" }, TWO:format ", default = true").name, "prod")
end)

t.test("the secret of a target that is not used is not fetched", function()
  t.equal(find({ LAB_PASSWORD = "pw" }, TWO:format "", "lab").name, "lab")
end)

t.test("an unknown field is refused at its line, with the nearest name", function()
  local e = t.raises(function() find({}, (LAB:gsub("thumbprint", "thumprint"))) end, "target.invalid")
  t.equal(e.where.line, 5)
  t.match(tostring(e), 'did you mean "thumbprint"?')
end)

t.test("a password as plain text is refused and not shown", function()
  local text = 'target "lab" {\n  url = "x",\n  password = "hunter2" }'
  local e = t.raises(function() find({}, text) end, "target.invalid")
  t.equal(e.where.line, 3)
  t.match(tostring(e), "secret.env")
  t.is_nil(tostring(e):find "hunter2")
end)

t.test("a name that targets.lua does not have is refused at its line", function()
  local e = t.raises(function() find({}, '\nos.execute "true"') end, "target.invalid")
  t.equal(e.where.line, 2)
  t.match(tostring(e), "os")
  t.match(tostring(t.raises(function() find({}, 'traget "x" {}') end)), 'did you mean "target"?')
end)

t.test("a syntax error names the line", function()
  t.equal(t.raises(function() find({}, "\n\ntarget target") end, "target.invalid").where.line, 3)
end)

t.test("a target defined twice is refused", function()
  t.match(tostring(t.raises(function() find({}, LAB .. LAB) end, "target.invalid")), "defined twice, first in line 1")
end)

t.test("the nearer file's target of one name counts", function()
  local near, far = t.tmpdir() .. "/targets.lua", t.tmpdir() .. "/targets.lua"
  write(near, LAB)
  write(far, (LAB:gsub("vcenter%.lab", "elsewhere")) .. 'target "far" { url = "x" }')
  local env = env_of { LAB_PASSWORD = "pw" }
  t.equal(target.find({ name = "lab", env = env, files = { near, far } }).host, "vcenter.lab.example")
end)

t.test("a secret may come from a file or a command", function()
  local path = write(t.tmpdir() .. "/pw", "from file\n")
  local text = 'target "a" { url = "x", user = "me", password = secret.%s }'
  t.equal(secret.reveal(find({}, text:format(('file "%s"'):format(path))).password), "from file")
  local command = text:format [[command { "printf", "%s %s\n", "it's", "$HOME" }]]
  t.equal(secret.reveal(find({}, command).password), "it's $HOME")
end)

t.test("a command that fails, a file or variable that is not there: each says so", function()
  local text = 'target "a" { url = "x", user = "me", password = secret.%s }'
  for recipe, wanted in pairs {
    ['command { "false" }'] = "status 1",
    ['file "/nonexistent/pw"'] = "/nonexistent/pw", ['env "NOT_THERE"'] = "NOT_THERE",
  } do
    t.match(tostring(t.raises(function() find({}, text:format(recipe)) end, "secret")), wanted)
  end
end)

t.test("a secret shows nothing of itself", function()
  t.equal(tostring(find({ LAB_PASSWORD = "pw" }, LAB).password), "(secret)")
end)

-- Ways to log in --------------------------------------------------------------------------------------------

local function way(fields, values)
  return find(values or { S = "secret" }, ('target "a" { url = "vc.example", %s }'):format(fields))
end

t.test("what is given decides how to log in", function()
  for fields, wanted in pairs {
    ['user = "me", password = secret.env "S"'] = "password",
    ['user = "me", password = secret.env "S", sso = true'] = "sso",
    ['cert = "me.crt", key = "me.key"'] = "sso",
    ['token = secret.env "S"'] = "token",
    ['token = secret.env "S", cert = "me.crt"'] = "token",
    ['session = secret.env "S", rest_session = secret.env "S"'] = "session",
    ['clone_ticket = secret.env "S"'] = "clone_ticket",
    ['extension = "com.example.x", cert = "me.crt"'] = "extension",
  } do
    t.equal(way(fields).login, wanted, fields)
  end
end)

t.test("two ways to log in are a mistake, and so is what a way does not use", function()
  local function refused(fields)
    return tostring(t.raises(function() way(fields) end, "target.invalid"))
  end
  t.match(refused 'session = secret.env "S", token = secret.env "S"', "session and token are two ways to log in")
  t.match(refused 'clone_ticket = secret.env "S", user = "me"', "user is not used by a login with clone_ticket")
  t.match(refused 'sso = true, user = "me"', "no password is given")
  t.match(refused 'sso = true', "no user name is given")
  t.match(refused 'extension = "com.example.x"', "no certificate is given")
  t.match(refused 'token = "text"', "secret.env")
end)

t.test("variables choose a way too, and messages name them", function()
  local url = "https://vc.example"
  local found = find { PERILUNE_URL = url, PERILUNE_TOKEN = "<saml/>" }
  t.equal({ found.login, secret.reveal(found.token), found.user }, { "token", "<saml/>" })
  local file = write(t.tmpdir() .. "/session", "cookie\n")
  t.equal(secret.reveal(find({ PERILUNE_URL = url, PERILUNE_SESSION = file }).session), "cookie")
  local by_certificate = find { GOVC_URL = url, GOVC_CERTIFICATE = "me.crt", GOVC_PRIVATE_KEY = "me.key" }
  t.equal({ by_certificate.login, by_certificate.cert, by_certificate.key }, { "sso", "me.crt", "me.key" })
  local e = t.raises(function()
    find { PERILUNE_URL = url, PERILUNE_TOKEN = "x", PERILUNE_PASSWORD = "hunter2" }
  end, "target.invalid")
  t.match(tostring(e), "PERILUNE_PASSWORD is not used by a login with PERILUNE_TOKEN")
  t.is_nil(tostring(e):find "hunter2")
end)

t.test("the token service is the vCenter's own, or another one", function()
  t.equal(way('cert = "c"').sts, "https://vc.example/sts/STSService")
  local whole = "https://sso.example/sts/STSService/corp"
  t.equal(way(('cert = "c", sso = %q'):format(whole)).sts, whole)
  t.equal(way('cert = "c", sso = "sso.example"').sts, "https://sso.example/sts/STSService")
end)
