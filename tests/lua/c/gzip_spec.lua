--- Compression; gzip is the witness.
local gzip = require "perilune.c.gzip"
local t = require "tests.support.spec"

local function expanded(bytes)
  local path = t.tmpdir() .. "/x.gz"
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
  return t.command { "gzip", "-dc", path }
end

t.test("what is compressed expands to what it was", function()
  for _, text in ipairs { "", "a", ("token "):rep(10000), "\0\255\r\n" } do
    local result = expanded(gzip.compress(text))
    t.equal({ result.status, result.stdout }, { 0, text })
  end
end)

t.test("it is smaller", function()
  t.is_true(#gzip.compress(("token "):rep(1000)) < 200)
end)
