local t = require "tests.support.spec"
local reading = require "tests.lua.playbook.reading"

local load, mistakes = reading.load, reading.mistakes

local function out(text, options)
  return load(text, options).outputs
end

t.test("what Lua can compute is there", function()
  t.equal(out [[
    output("a", ("%02d"):format(7) .. string.upper "x" .. math.max(1, 2))
    output("b", table.concat({ 1, 2 }, "-"))
    output("c", select("#", table.unpack { 1, 2, 3 }))
    output("d", utf8.char(228))
    local list = { 3, 1, 2 }
    table.sort(list, function(x, y) return x > y end)
    table.insert(list, 0)
    output("e", list)
    local class = setmetatable({}, { __index = { x = 5 } })
    output("f", getmetatable(class).__index.x + class.x)
    output("g", { pcall(error, "no", 0) })
    output("h", { xpcall(error, function(e) return e .. "!" end, "no", 0) })
    local co = coroutine.wrap(function(a) coroutine.yield(a + 1) return 9 end)
    output("i", { co(1), co() })
    output("j", table.move({ 1, 2 }, 1, 2, 2))
  ]], {
    a = "07X2", b = "1-2", c = 3, d = "ä", e = { 3, 2, 1, 0 }, f = 10,
    g = { false, "no" }, h = { false, "no!" }, i = { 2, 9 }, j = { 1, 1, 2 },
  })
end)

t.test("files, processes and code from text are not there", function()
  for _, name in ipairs { "io", "os", "debug", "load", "loadfile", "dofile", "collectgarbage", "package" } do
    local line = mistakes(("local x = %s"):format(name))[1]
    t.match(line, ('1: unknown name "%s"'):format(name))
    t.match(line, "perilune run")
  end
  t.match(mistakes("parallel(1, {}, print)")[1], "parallel is for scripts of `perilune run`")
  t.match(mistakes("local x = _G")[1], 'unknown name "_G"')
end)

t.test("Perilune's own tables cannot be reached or changed", function()
  local text = [[
    output("string", getmetatable("") == nil)
    output("env", getmetatable(_ENV) == nil)
    output("handle", getmetatable(vm "a"))
    output("dump", string.dump == nil)
    string.format = nil
    output("format", ("%d"):format(3))
  ]]
  t.equal(out(text), { string = true, env = true, handle = "handle", dump = true, format = "3" })
  t.equal(("%d"):format(3), "3")
  t.equal(out "output('own', string.format == nil)", { own = false })
  t.match(mistakes("setmetatable({}, { __gc = function() end })")[1], "no finalizers")
  t.match(mistakes("setmetatable(vm 'a', {})")[1], "protected metatable")
end)

t.test("errors that were caught do not give away their metatable", function()
  t.equal(out [[
    local ok, e = pcall(setmetatable, {}, { __gc = true })
    output("ok", ok)
    output("meta", getmetatable(e) == nil)
  ]], { ok = false, meta = true })
end)

t.test("an unknown name offers the nearest word or kind, and reading goes on", function()
  t.equal(mistakes [[
vmm "a" { memry = 1 }
flder("x").path = 1
transacton("x", function() end)
vm "b" { x = 1 }
]], {
    '1: unknown name "vmm"; did you mean "vm"?',
    '2: unknown name "flder"; did you mean "folder"?',
    '3: unknown name "transacton"; did you mean "transaction"?',
  })
  t.equal(mistakes 'local a = clster "C"\nvm "a" { pool = a.pool, memry = 1 }', {
    '1: unknown name "clster"; did you mean "cluster"?',
    '2: vm "a": unknown field "memry"; did you mean "memory"?',
  })
end)

t.test("an unknown name ends every loop it is in", function()
  t.equal(#mistakes "while running do end", 1)
  t.equal(#mistakes "for x in rows() do end", 1)
  t.equal(#mistakes "for x in rows { 1 } do end", 1)
  t.equal(#mistakes "local n = node\nwhile n do n = n.next end", 1)
  t.equal(#mistakes 'for i = 1, 9 do vmm("a" .. i) {} end', 1)
  t.equal(#mistakes "for i = 1, limit do end", 2)
end)

t.test("a mistake is not hidden by pcall", function()
  local wanted = { '1: unknown name "vmm"; did you mean "vm"?' }
  t.equal(mistakes "pcall(function() vmm() end)\noutput('x', 1)", wanted)
  t.equal(mistakes "pcall(vcenter)\nxpcall(vcenter, print)", {
    "1: vcenter() is not there in a playbook: declaring changes nothing; "
      .. "put what calls the API in a script of its own, for `perilune run`",
  })
end)

t.test("calling the API while declaring is refused", function()
  local e = reading.mistake("local vc = vcenter()\nvc:find { type = 'VirtualMachine' }", "playbook.effect")
  t.equal(e.where.line, 1)
  t.match(e.hint, "perilune run")
end)

t.test("globals cannot be assigned", function()
  t.equal(mistakes "count = 5\nfor i = 1, count do vm('a' .. i) {} end\nfunction f() end\nf()", {
    '1: "count" is assigned without being local; write local count = …',
    '3: "f" is assigned without being local; write local f = …',
  })
end)

t.test("print and log write where they are told, values of the server included", function()
  local written = {}
  local resolve = reading.server()
  load([[
    print("a", 1, nil, vm "x")
    log.info("found", { note = cluster("C").note, count = 2 })
    log.warn("odd")
  ]], { resolve = resolve, write = function(text) written[#written + 1] = text end })
  t.equal(written, { 'a\t1\tnil\tvm "x"\n', "info: found  count=2  note=production\n", "warn: odd\n" })
end)

t.test("words are checked", function()
  t.equal(mistakes [[
playbook "a b"
playbook "team/x"
playbook "team/y"
defaults(5)
output("", 1)
output("a", 1)
output("a", 2)
each(5, {})
]], {
    '1: playbook needs the name of an owner; write playbook "team/name"',
    "3: the owner was named already, at DIR/book.lua:2; a file has one owner",
    "4: defaults needs a table of fields; write defaults { … }",
    '5: output needs a name and a value; write output("name", value)',
    '7: output "a" is given twice',
    "8: each needs a list, and a table or a function; "
      .. "write each(hosts, { … }) or each(hosts, function(host) … end)",
  })
end)

t.test("a transaction marks what is declared in it, and only that", function()
  local declared = load [[
    vm "a" {}
    output("result", transaction("both", function()
      vm "b" {}
      return vm "c" {}
    end))
    vm "d" {}
  ]]
  local seen = {}
  for i, resource in ipairs(declared.resources) do
    seen[i] = resource.transaction and resource.transaction.name or "-"
  end
  t.equal(seen, { "-", "both", "both", "-" })
  t.equal(declared.resources[2].transaction.where.line, 2)
  t.equal(tostring(declared.outputs.result), 'vm "c"')
end)

t.test("transactions have a name and do not nest; an error ends one", function()
  t.equal(mistakes "transaction(function() end)", {
    '1: a transaction needs a name and a function; write transaction("name", function() … end)',
  })
  t.match(mistakes("transaction('a', function() transaction('b', function() vm 'x' { y = 1 } end) end)")[1],
    'transaction "b" is inside transaction "a"')
  local declared = load "pcall(transaction, 'a', function() error 'x' end)\nvm 'b' {}"
  t.is_nil(declared.resources[1].transaction)
end)

t.test("a playbook cannot leave its task", function()
  t.match(mistakes("coroutine.yield()")[1], "coroutine.yield outside a coroutine")
end)
