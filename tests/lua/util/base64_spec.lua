local base64 = require "perilune.util.base64"
local t = require "tests.support.spec"

t.test("the examples of RFC 4648 go both ways", function()
  for text, coded in pairs { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=",
    foobar = "Zm9vYmFy" } do
    t.equal({ base64.encode(text), base64.decode(coded) }, { coded, text })
  end
end)

t.test("every byte survives", function()
  local bytes = {}
  for byte = 0, 255 do bytes[#bytes + 1] = string.char(byte) end
  local text = table.concat(bytes)
  t.equal(base64.decode(base64.encode(text)), text)
end)

t.test("what is no base64 is none", function()
  for _, text in ipairs { "Z", "Zm9v!", "Zg=v", "é" } do t.is_nil(base64.decode(text), text) end
end)
