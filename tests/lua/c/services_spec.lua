--- A further service is one more schema file and no code: the program linked with six of them knows all.
local t = require "tests.support.spec"

local function methods_in(path)
  local count = 0
  for line in io.lines(path .. ".schema") do
    if line:find "^  method " then count = count + 1 end
  end
  return count
end

t.test("every method of every service can be called, and types of one name are told apart", function()
  local program = (os.getenv "BUILD" or "build") .. "/services/perilune"
  local result = t.command { program, "run", "tests/schema/services.lua" }
  t.equal({ result.status, result.stderr }, { 0, "" })
  local counts = {}
  for name, count in result.stdout:gmatch "(%a%w+)\t(%d+)\n" do counts[name] = tonumber(count) end
  t.equal(counts, {
    vim25 = methods_in "bindings/schema/vim25", pbm = methods_in "bindings/schema/pbm",
    eam = methods_in "tests/schema/eam", sms = methods_in "tests/schema/sms",
    vslm = methods_in "tests/schema/vslm", vsan = methods_in "tests/schema/vsan",
  })
  t.match(result.stdout, "sms:CertificateNotTrusted sms:InvalidUrl\n")
end)

--- What compile.lua says of two schemas.
local function compile(...)
  local directory, words = t.tmpdir(), { "lua5.4", "bindings/schema/compile.lua" }
  words[3] = directory .. "/out.c"
  for i, text in ipairs { ... } do
    words[3 + i] = ("%s/%d.schema"):format(directory, i)
    local file = assert(io.open(words[3 + i], "wb"))
    file:write(text)
    file:close()
  end
  return t.command(words)
end

local CORE = "source s 1\nservice core urn:core\nversion 1.0\ndata Base since 1.0\n"
local function service(name, more)
  return ("source s 1\nservice %s urn:%s\nover core\nversion 1.0\n%s\n"):format(name, name, more)
end

t.test("services may have types and methods of one name, and use those of the core", function()
  local more = "data Twice extends Base since 1.0\nmanaged %s since 1.0\n  method Go returns Twice\n"
  local result = compile(CORE, service("a", more:format "A"), service("b", more:format "B"))
  t.equal({ result.status, result.stderr }, { 0, "" })
end)

t.test("a managed type of two services, a type that no service under it has, and a second core are refused", function()
  local managed = "managed M since 1.0"
  local result = compile(CORE, service("a", managed), service("b", managed))
  t.equal(result.status, 1)
  t.match(result.stderr, "managed in a too: M")
  result = compile(CORE, service("a", "data A since 1.0"), service("b", "data B extends A since 1.0"))
  t.match(result.stderr, "unknown type A in b")
  result = compile(CORE, (CORE:gsub("core", "other")))
  t.match(result.stderr, "one service is under all others")
end)
