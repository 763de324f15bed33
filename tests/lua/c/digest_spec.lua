--- Digests and random bytes.
local digest = require "perilune.c.digest"
local t = require "tests.support.spec"

t.test("gives the digests of the standards", function()
  t.equal(digest.sha256 "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  t.equal(digest.sha1 "", "da39a3ee5e6b4b0d3255bfef95601890afd80709")
end)

t.test("random bytes have the length asked for, and differ", function()
  t.equal(#digest.random(0), 0)
  t.equal(#digest.random(1000), 1000)
  t.is_true(digest.random(16) ~= digest.random(16))
  t.raises(function() digest.random(-1) end)
end)

t.test("a uuid is a random one of version 4", function()
  t.find(digest.uuid(), "^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$")
  t.is_true(digest.uuid() ~= digest.uuid())
end)

t.test("pieces have the digest of the whole", function()
  for _, name in ipairs { "sha1", "sha256" } do
    local sum = digest.new(name)
    t.equal(sum:hex(), digest[name] "")
    sum:add "ab"
    t.equal(sum:hex(), digest[name] "ab")
    sum:add(("c"):rep(100000))
    t.equal(sum:hex(), digest[name]("ab" .. ("c"):rep(100000)))
  end
end)
