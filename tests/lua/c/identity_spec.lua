--- Our certificate and key, to sign with; openssl is the witness.
local identity = require "perilune.c.identity"
local t = require "tests.support.spec"

local function openssl(...)
  local result = t.command { "openssl", ... }
  if result.status ~= 0 then error(result.stderr) end
end

local function write(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return path
end

--- A directory with me.crt and me.key.
local function make(kind, option)
  local directory = t.tmpdir()
  local words = { "req", "-x509", "-newkey", kind, "-nodes", "-days", "2", "-subj", "/CN=me", "-keyout",
    directory .. "/me.key", "-out", directory .. "/me.crt" }
  if option then table.move({ "-pkeyopt", option }, 1, 2, #words + 1, words) end
  openssl(table.unpack(words))
  return directory
end

local function load(directory)
  return identity.load { cert = directory .. "/me.crt", key = directory .. "/me.key" }
end

t.test("signs with the key, as openssl confirms", function()
  local directory = make "rsa:2048"
  local signature = write(directory .. "/signature", load(directory):sign "what is signed")
  openssl("x509", "-in", directory .. "/me.crt", "-pubkey", "-noout", "-out", directory .. "/me.pub")
  local function verify(words)
    return t.command {
      "openssl", "dgst", "-sha256", "-verify", directory .. "/me.pub", "-signature", signature,
      write(directory .. "/text", words),
    }.status
  end
  t.equal(verify "what is signed", 0)
  t.is_true(verify "another text" ~= 0)
end)

t.test("gives the certificate as DER", function()
  local directory = make "rsa:2048"
  openssl("x509", "-in", directory .. "/me.crt", "-outform", "DER", "-out", directory .. "/me.der")
  local file = assert(io.open(directory .. "/me.der", "rb"))
  t.is_true(file:read "a" == load(directory):certificate())
  file:close()
end)

t.test("a key that is no RSA key cannot sign, and the error says what to do", function()
  local e = t.raises(function() load(make("ec", "ec_paramgen_curve:P-256")):sign "text" end, "tls.setup")
  t.match(tostring(e), "RSA")
end)

t.test("a key of another certificate is refused", function()
  local one, other = make "rsa:2048", make "rsa:2048"
  local e = t.raises(function() identity.load { cert = one .. "/me.crt", key = other .. "/me.key" } end, "tls.setup")
  t.match(tostring(e), "does not belong")
end)

t.test("an encrypted key needs its password", function()
  local directory = make "rsa:2048"
  local locked = directory .. "/locked.key"
  openssl("rsa", "-in", directory .. "/me.key", "-aes256", "-passout", "pass:sesame", "-out", locked)
  local cert = directory .. "/me.crt"
  t.match(tostring(t.raises(function() identity.load { cert = cert, key = locked } end, "tls.key")), "key_password")
  t.equal(#identity.load { cert = cert, key = locked, key_password = "sesame" }:sign "x", 256)
end)
