local base64 = require "perilune.util.base64"
local t = require "tests.support.spec"

-- The test vectors of RFC 4648, section 10.
for text, wanted in pairs {
  [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy",
} do
  t.test(("%q is %q"):format(text, wanted), function() t.equal(base64.encode(text), wanted) end)
end

t.test("every byte can be encoded", function()
  t.equal(base64.encode "\0\255\254", "AP/+")
end)
