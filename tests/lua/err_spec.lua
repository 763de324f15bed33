local err = require "perilune.err"
local t = require "tests.support.spec"

t.test("an error raised by C is one of ours", function()
  local e = t.raises(function() require("perilune.c.json").decode "[" end, "argument")
  t.is_true(err.is(e))
  t.match(e.where.file, "err_spec.lua")
end)

t.test("raising fills in the nearest line of the user's own code", function()
  local e = t.raises(function() err.raise { code = "io", message = "no" } end, "io")
  t.match(e.where.file, "err_spec.lua")
  t.equal(e.where.line, 11)
  t.is_nil(t.raises(function() err.raise { code = "io", message = "no", where = false } end).where or nil)
end)

t.test("a code that is not in the list is a mistake", function()
  t.match(t.raises(function() err.new { code = "no.such", message = "" } end, "lua").message, "no.such")
end)

t.test("people see place, sentence, the server's words, path, evidence and hint, in that order", function()
  local e = err.new {
    code = "vim.fault",
    message = 'vm "web-03" create',
    where = { file = "web-tier.lua", line = 28 },
    fault = { _typeName = "InsufficientStorageSpace" },
    server = "There is not enough space.",
    path = "spec.deviceChange[2]",
    detail = "one\ntwo",
    hint = "free space",
  }
  t.equal(tostring(e), [[
web-tier.lua:28: vm "web-03" create
  InsufficientStorageSpace: "There is not enough space."
    spec.deviceChange[2]
  one
  two
  What to do: free space]])
end)

t.test("a suggestion stands in the first line", function()
  local e = err.new { code = "usage", message = "no command", hint = err.suggest("aply", { "apply", "plan" }) }
  t.equal(tostring(e), 'no command; did you mean "apply"?')
end)

t.test("several mistakes are all told", function()
  local first = err.new { code = "playbook.field", message = "first", where = { file = "a.lua", line = 1 } }
  local second = err.new { code = "playbook.field", message = "second", where = { file = "a.lua", line = 2 } }
  local e = err.new { code = "playbook.mistakes", message = "2 mistakes", mistakes = { first, second } }
  t.equal(tostring(e), "a.lua:1: first\na.lua:2: second\n2 mistakes")
end)

t.test("causes and what failed besides are told", function()
  local e = err.new { code = "io", message = "outer", cause = err.new { code = "io", message = "inner" } }
  err.also(e, err.new { code = "io", message = "cleanup" })
  t.equal(tostring(e), "outer\n  because: inner\n  also: cleanup")
end)

t.test("errors that lead to each other are told once", function()
  local a, b = err.new { code = "io", message = "a" }, err.new { code = "io", message = "b" }
  a.cause = b
  err.also(b, a)
  t.equal(tostring(a), "a\n  because: b")
end)

t.test("verbose adds the code and the whole traceback", function()
  local ok, e = xpcall(function() return ("text").no.field end, err.wrap)
  t.is_false(ok)
  local text = err.format(e, { verbose = true })
  t.match(text, "error code lua")
  t.match(text, "[C]: in function 'xpcall'")
end)

t.test("foreign errors are wrapped once", function()
  local e = err.wrap "file.lua:12: what happened"
  t.equal({ e.code, e.message, e.where.file, e.where.line }, { "lua", "what happened", "file.lua", 12 })
  t.is_true(err.wrap(e) == e)
  t.equal(err.wrap("no place").message, "no place")
  t.is_nil(err.wrap("no place").where or nil)
  t.equal(err.wrap(nil).message, "an error that is a nil: nil")
end)

t.test("has follows causes", function()
  local e = err.new { code = "io", message = "", cause = err.new { code = "tls.expired", message = "" } }
  t.is_true(err.has(e, "io"))
  t.is_true(err.has(e, "tls.expired"))
  t.is_false(err.has(e, "limit"))
  t.is_false(err.has("a string", "limit"))
end)

t.test("exit codes come from the list of codes", function()
  t.equal(err.exit_code(err.new { code = "io", message = "" }), 1)
  t.equal(err.exit_code(err.new { code = "tls.expired", message = "" }), 4)
  t.equal(err.exit_code(err.new { code = "task.interrupted", message = "" }), 130)
  t.equal(err.exit_code "foreign", 1)
end)

t.test("the nearest name is found in lists and in sets", function()
  t.equal(err.nearest("memry", { memory = 1, cpus = 2 }), "memory")
  t.equal(err.nearest("cpu", { "memory", "cpus" }), "cpus")
  t.is_nil(err.nearest("annotation", { memory = 1, cpus = 2 }))
  t.is_nil(err.nearest("x", {}))
  t.is_nil(err.suggest("annotation", { "cpus" }))
end)
