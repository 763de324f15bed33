--- perilune target: what is defined, and trust in a certificate, from its being shown to its change.
local t = require "tests.support.spec"

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

local function read(path)
  local file = io.open(path)
  return file and file:read "a" or ""
end

--- Starts a server with a certificate of its own making; returns its URL.
local function serve()
  local program = (os.getenv "BUILD" or "build") .. "/unit/support/http_peer"
  local peer = t.background { program, "tls", env = { TMPDIR = t.tmpdir() } }
  peer:wait_for "url "
  return peer:text("stdout"):match "url (%S+)"
end

local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

--- A person at home in a directory, with a targets.lua and a script that connects; returns what runs the program
--- there, on a terminal if something is typed.
local function home(targets)
  local directory = t.tmpdir()
  write(directory .. "/targets.lua", targets)
  write(directory .. "/connect.lua", "vcenter()")
  return function(...)
    local command = { "build/perilune", ... }
    if type(command[2]) == "table" then
      local typed = table.remove(command, 2).typed
      command[1] = os.getenv "PERILUNE" or command[1]
      for i, word in ipairs(command) do command[i] = quote(word) end
      command = { "script", "-qec", table.concat(command, " "), "/dev/null", stdin = typed }
    end
    command.cwd = directory
    command.env = {
      HOME = directory, GOVC_URL = false, PERILUNE_URL = false, XDG_CONFIG_HOME = false, PASSWORD = "pw",
      PERILUNE_KNOWN_HOSTS = false, https_proxy = false, HTTPS_PROXY = false, ALL_PROXY = false, all_proxy = false,
    }
    return t.command(command)
  end, directory .. "/.config/perilune/known_hosts"
end

local LAB = 'target "lab" { url = "%s", user = "me", password = secret.env "PASSWORD"%s }\n'

--- A person with a target for a server.
local function with_server(more)
  local url = serve()
  local run, known = home(LAB:format(url, more or ""))
  return run, known, url
end

local function sha256_of(result)
  return t.find(result.stdout, "SHA%-256%s+(%x%x:[%x:]+)")
end

t.test("list has every target with its place, and show says whom it believes", function()
  local run = home(LAB:format("vc.example", ', thumbprint = "AA", default = true')
    .. 'target "esx" { url = "https://[::1]:8443", proxy = "socks5h://me@p:99", ca_file = { "a.pem", "b" } }')
  local listed = run("target", "list").stdout
  t.find(listed, "%* lab%s+https://vc%.example%s+%./targets%.lua:1\n")
  t.find(listed, "  esx%s+https://%[::1%]:8443%s+%./targets%.lua:2\n")
  t.match(run("target", "show").stdout, "one certificate alone, of ./targets.lua:1: AA")
  local shown = run("target", "show", "esx").stdout
  t.match(shown, "the authorities of a.pem, b")
  t.match(shown, "socks5h://p:99 (./targets.lua:2)")
end)

t.test("an untrusted certificate names the command that trusts it, which shows it and needs an answer", function()
  local run, known = with_server()
  local failed = run("run", "connect.lua", "-t", "lab")
  t.equal(failed.status, 4)
  t.match(failed.stderr, "to trust just this certificate: perilune target trust lab   (SHA-256 ")
  local result = run("target", "trust", "lab")
  t.equal(result.status, 1)
  for _, part in ipairs { "CN=leaf", "127.0.0.1, localhost", "SHA-1", "self-signed", "vecs-cli" } do
    t.match(result.stdout, part)
  end
  t.match(result.stderr, "there is no terminal to ask on; nothing was trusted")
  t.match(result.stderr, ('perilune target trust lab --thumbprint "SHA-256 %s"'):format(sha256_of(result)))
  t.equal(read(known), "")
  t.equal(run("target", "trust", "lab", "-y").status, 1)
  t.equal(read(known), "")
end)

t.test("with the right thumbprint it is remembered, and believed from then on", function()
  local run, known, url = with_server()
  local digits = sha256_of(run("target", "trust", "lab"))
  local result = run("target", "trust", "lab", "--thumbprint", digits:gsub(":", ""):lower())
  t.equal(result.status, 0, result.stderr)
  t.match(read(known), ("\n127.0.0.1:%s %s\n"):format(url:match "%d+$", digits))
  t.match(run("target", "trust", "lab").stdout, "Trusted already, by " .. known .. ":2.")
  t.match(run("target", "show", "lab").stdout, "one certificate alone, of " .. known .. ":2: " .. digits)
end)

t.test("at a terminal it asks; anything but yes is no", function()
  local run, known = with_server()
  for _, answer in ipairs { "n\n", "\n", "\4" } do
    local result = run({ typed = answer }, "target", "trust", "lab")
    t.equal(result.status, 1)
    t.match(result.stdout, "[y/N]")
    t.match(result.stdout, "declined; nothing was trusted")
    t.equal(read(known), "")
  end
  local result = run({ typed = "y\n" }, "target", "trust", "lab")
  t.equal(result.status, 0, result.stdout)
  t.match(read(known), sha256_of(result))
end)

t.test("the password of a key is asked for at a terminal, and only there", function()
  local directory = t.tmpdir()
  t.equal(t.command { "openssl", "req", "-x509", "-newkey", "rsa:2048", "-days", "2", "-subj", "/CN=me",
    "-passout", "pass:open sesame", "-keyout", directory .. "/me.key", "-out", directory .. "/me.crt" }.status, 0)
  local run, known = with_server((', cert = "%s/me.crt", key = "%s/me.key"'):format(directory, directory))
  local result = run("target", "trust", "lab")
  t.equal(result.status, 4)
  t.match(result.stderr, "me.key is encrypted, and no password is given")
  t.match(result.stderr, "PERILUNE_KEY_PASSWORD")
  result = run({ typed = "open\n" }, "target", "trust", "lab")
  t.match(result.stdout, "is encrypted, and its password is another one")
  result = run({ typed = "open sesame\ny\n" }, "target", "trust", "lab")
  t.equal(result.status, 0, result.stdout)
  t.match(result.stdout, "Password of the key " .. directory .. "/me.key: ")
  t.match(read(known), sha256_of(result))
end)

t.test("with another thumbprint nothing is remembered", function()
  local run, known = with_server()
  local result = run("target", "trust", "lab", "--thumbprint", "SHA-256 " .. ("00"):rep(32))
  t.equal(result.status, 4)
  t.match(result.stderr, "shows another certificate")
  t.equal(read(known), "")
end)

t.test("a certificate that changed is an error that says so, until it is trusted anew", function()
  local run, known, url = with_server()
  local place = url:match "//(.*)$"
  run("target", "trust", "lab", "--thumbprint", sha256_of(run("target", "trust", "lab")))
  write(known, ("# CN=old, trusted on 2026-01-01\n%s %s\n"):format(place, ("00:"):rep(31) .. "00"))
  local changed = run("target", "trust", "lab")
  t.match(changed.stdout, ("the certificate of %s HAS CHANGED: it is not the pinned one of %s:2"):format(place, known))
  t.match(changed.stdout, "expected  SHA-256 00:00:")
  local digits = sha256_of(changed)
  t.equal(run("target", "trust", "lab", "--thumbprint", digits).status, 0)
  t.match(run("target", "trust", "lab").stdout, "Trusted already")
  t.is_nil(read(known):find("00:00:00", 1, true))
end)

t.test("a target's own thumbprint counts alone, and trust says where to change it", function()
  local run, known = with_server((', thumbprint = "%s"'):format(("00"):rep(32)))
  local first = run("target", "trust", "lab")
  local result = run("target", "trust", "lab", "--thumbprint", sha256_of(first))
  t.equal(result.status, 4)
  t.match(result.stderr, "its thumbprint is given by ./targets.lua:1, which counts alone")
  t.equal(read(known), "")
end)

t.test("a server without certificates, and words that are none", function()
  local run = home(LAB:format("http://127.0.0.1:1", ""))
  t.equal(run("target", "trust", "lab").status, 4)
  t.match(run("target", "turst", "lab").stderr, 'did you mean "trust"')
  t.match(run("target", "trust", "lap").stderr, 'did you mean "lab"')
  t.match(run("target", "trust", "lab", "--thumbprint", "12").stderr, "'12' is no thumbprint")
end)
