--- Manifests of packages.
local manifest = require "perilune.vim.manifest"
local t = require "tests.support.spec"

t.test("reads what the tools write", function()
  local entries = manifest.parse "SHA256(a b.ovf)= ABCD\r\nSHA1 (d(1).vmdk) = 01\n\nSHA-256(x)=9\n"
  t.equal(entries, {
    ["a b.ovf"] = { kind = "sha256", sum = "abcd" },
    ["d(1).vmdk"] = { kind = "sha1", sum = "01" },
    x = { kind = "sha256", sum = "9" },
  })
  t.equal(manifest.parse(manifest.line("a", "ff")), { a = { kind = "sha256", sum = "ff" } })
end)

t.test("what cannot be checked is no manifest", function()
  local e = t.raises(function() manifest.parse "SHA512(a)= 00\n" end, "transfer.archive")
  t.match(e.message, "SHA512(a)")
  t.match(e.hint, "verify = false")
  t.raises(function() manifest.parse "nonsense" end, "transfer.archive")
end)
