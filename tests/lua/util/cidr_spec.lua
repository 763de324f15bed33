local cidr = require "perilune.util.cidr"
local t = require "tests.support.spec"

local function contains(range, address)
  return cidr.contains(cidr.parse(range), address)
end

t.test("addresses lie in ranges by their first bits", function()
  t.is_true(contains("10.0.0.0/8", "10.1.2.3"))
  t.is_true(contains("192.0.2.128/25", "192.0.2.200"))
  t.is_false(contains("192.0.2.128/25", "192.0.2.127"))
  t.is_true(contains("0.0.0.0/0", "255.255.255.255"))
  t.is_true(contains("2001:db8::/33", "2001:db8:7fff::1"))
  t.is_false(contains("2001:db8::/33", "2001:db8:8000::1"))
  t.is_true(contains("::1", "0:0:0:0:0:0:0:1"))
  t.is_false(contains("0.0.0.0/0", "::1"))
  t.is_true(contains("::ffff:0:0/96", "::ffff:10.0.0.1"))
end)

t.test("what is no range is none", function()
  for _, text in ipairs { "", "10", "10.0.0.0/33", "256.0.0.1", "1.2.3.4.5", "::1::2", "12345::", "1:2:3:4:5:6:7:8:9",
    "10.0.0.0/", "x", "fe80::1%eth0" } do
    t.is_nil(cidr.parse(text), text)
  end
  t.is_nil(cidr.parse(5))
end)
