local percent = require "perilune.util.percent"
local t = require "tests.support.spec"

t.test("encodes all that is not plain, byte by byte", function()
  t.equal(percent.encode "a-b_c.d~e/f g%\xc3\xa4", "a-b_c.d~e%2Ff%20g%25%C3%A4")
  t.equal(percent.encode_path "iso/a b&c.iso", "iso/a%20b%26c.iso")
end)
