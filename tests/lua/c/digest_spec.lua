--- Digests and random bytes.
local digest = require "perilune.c.digest"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

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

-- Signatures and passwords ---------------------------------------------------------------------------------------

local function bytes_of(hex)
  return (hex:gsub("%s", ""):gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function hex_of(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

t.test("gives the codes of RFC 4231 and RFC 2202", function()
  local long_key = ("\xaa"):rep(131)
  for _, case in ipairs {
    { "sha256", ("\x0b"):rep(20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "sha512", ("\x0b"):rep(20), "Hi There", "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde" ..
      "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854" },
    { "sha256", "Jefe", "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "sha256", ("\xaa"):rep(20), ("\xdd"):rep(50),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { "sha256", long_key, "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { "sha1", ("\x0b"):rep(20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00" },
    { "sha256", "", "", "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad" },
  } do
    t.equal(hex_of(digest.hmac(case[1], case[2], case[3])), case[4])
  end
  t.raises(function() digest.hmac("md5", "key", "text") end)
end)

t.test("bytes are equal when all of them are", function()
  t.is_true(digest.equal("", ""))
  t.is_true(digest.equal("a\0b", "a\0b"))
  for _, other in ipairs { "", "a", "a\0c", "b\0b", "a\0bb" } do t.is_false(digest.equal("a\0b", other)) end
end)

t.test("derives the keys of RFC 7914", function()
  t.equal(hex_of(digest.scrypt("", "", { n = 16, r = 1, p = 1, len = 64 })),
    "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442" ..
    "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906")
  t.equal(hex_of(digest.scrypt("password", "NaCl", { n = 1024, r = 8, p = 16, len = 64 })),
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162" ..
    "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640")
  t.equal(hex_of(digest.scrypt("pleaseletmein", "SodiumChloride", { n = 16384, r = 8, p = 1, len = 32 })),
    "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2")
end)

t.test("a cost that is none is refused, and one too high", function()
  for _, cost in ipairs { { n = 15 }, { n = 0 }, { n = 16, r = 0 }, { n = 1 << 30, r = 8 } } do
    t.raises(function() digest.scrypt("a", "b", cost) end, "argument")
  end
  t.raises(function() digest.scrypt("a", "b", { len = 65 }) end, "argument")
  t.raises(function() digest.scrypt("a", "b", { cost = 1 }) end, "argument")
end)

t.test("other tasks run while a key is derived, and who waits may stop", function()
  local order = {}
  local waiting = scope.spawn(function()
    digest.scrypt("a", "b", { n = 1024 })
    order[#order + 1] = "key"
  end)
  task.sleep(0)
  order[#order + 1] = "task"
  waiting:join()
  t.equal(order, { "task", "key" })
  local stopped = scope.spawn(digest.scrypt, "a", "b", { n = 16384 })
  task.sleep(0)
  stopped:cancel()
  while stopped:status() ~= "done" do task.sleep(0.001) end
end)

t.test("knows the signatures of RFC 8032 from others", function()
  local key = bytes_of "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
  local signature = bytes_of [[92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
    085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00]]
  t.is_true(digest.ed25519_verify(key, signature, "\x72"))
  t.is_false(digest.ed25519_verify(key, signature, "\x73"))
  t.is_false(digest.ed25519_verify(key, signature:sub(1, -2) .. "\1", "\x72"))
  t.is_false(digest.ed25519_verify(key, signature:sub(1, 63), "\x72"))
  t.is_false(digest.ed25519_verify(key:sub(1, 31), signature, "\x72"))
  t.is_false(digest.ed25519_verify("", "", ""))
  t.is_true(digest.ed25519_verify(bytes_of "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    bytes_of [[e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd
      25bf5f0595bbe24655141438e7a100b]], ""))
end)
