local t = require "tests.support.spec"
local err = require "perilune.err"
local reading = require "tests.lua.playbook.reading"
local secret = require "perilune.util.secret"

local load, mistakes = reading.load, reading.mistakes

local function value(spec, given)
  return load(("output('v', var('v', %s))"):format(spec), { vars = { v = given } }).outputs.v
end

t.test("texts from the command line become values of the variable's type", function()
  t.equal(value('{ type = "integer" }', "5"), 5)
  t.equal(value('{ type = "integer" }', "-5"), -5)
  t.equal(value('{ type = "number" }', "1.5"), 1.5)
  t.equal(value('{ type = "boolean" }', "yes"), true)
  t.equal(value('{ type = "boolean" }', "False"), false)
  t.equal(value('{ type = "string" }', "5"), "5")
  t.equal(value("nil", "5"), "5")
  t.equal(value('{ type = "enum", of = { "dev", "prod" } }', "dev"), "dev")
  t.equal(value('{ type = "list" }', "a, b,c"), { "a", "b", "c" })
  t.equal(value('{ type = "list" }', ""), {})
  t.equal(value('{ type = "map" }', "a=1, b=x=y"), { a = "1", b = "x=y" })
end)

t.test("values of Lua are taken as they are", function()
  t.equal(value('{ type = "integer" }', 5), 5)
  t.equal(value('{ type = "boolean", default = true }', false), false)
  t.equal(value('{ type = "list" }', { 1, { x = true } }), { 1, { x = true } })
end)

t.test("a default holds where nothing was given", function()
  t.equal(value('{ type = "integer", default = 3 }'), 3)
  t.equal(value('{ type = "boolean", default = false }'), false)
  t.equal(value('{ type = "list", default = {} }'), {})
end)

t.test("what is missing tells how to give it", function()
  local e = reading.mistake('\nvar("env", { type = "string", doc = "which one" })', "playbook.var")
  t.equal(e.where.line, 2)
  t.equal(e.message, 'variable "env": has no value and no default (which one)')
  t.equal(e.hint, "give it with -e env=…")
end)

t.test("all missing variables are told, and the rest of the file is read", function()
  t.equal(#mistakes [[
    local a = var("a", { type = "integer" })
    local b = var("b", { type = "enum", of = { "x" } })
    local c = var("c")
    for i = 1, a do vm(c .. i) { annotation = b, memry = 1 } end
  ]], 4)
end)

t.test("a wrong value names where it came from", function()
  local function given(spec, text)
    return mistakes(("var('v', %s)"):format(spec), { vars = { v = text } })[1]
  end
  t.equal(given('{ type = "integer" }', "abc"), '1: variable "v": -e v=abc: "abc" is not a whole number')
  t.equal(given('{ type = "integer" }', "1.5"), '1: variable "v": -e v=1.5: "1.5" is not a whole number')
  t.equal(given('{ type = "integer", min = 0 }', "-1"), '1: variable "v": -e v=-1: -1 is less than 0')
  t.equal(given('{ type = "integer", max = 9 }', 10), '1: variable "v": the value given: 10 is more than 9')
  t.match(given('{ type = "boolean" }', "maybe"), '"maybe" is not true or false')
  t.match(given('{ type = "enum", of = { "dev", "prod" } }', "prd"), 'did you mean "prod"?')
  t.match(given('{ type = "map" }', "a"), "is not a map: a=1,b=2")
  t.match(mistakes('var("v", { type = "integer" })', {
    vars = { v = "x" }, var_sources = { v = "lab.json" },
  })[1], 'lab.json: "x" is not a whole number')
end)

t.test("a variable that the playbook does not have is a mistake, with the nearest", function()
  local e = t.raises(function()
    load('var("count", { type = "integer", default = 1 })', { vars = { cuont = "5" } })
  end, "playbook.var")
  t.match(e.message, 'book.lua has no variable "cuont"')
  t.equal(e.hint, 'did you mean "count"?')
  t.match(err.format(e), "cuont")
  t.match(mistakes("", { vars = { x = "1" } })[1], "declares no variables")
end)

t.test("a wrong description of a variable is a mistake at its field", function()
  local function wrong(spec)
    return mistakes(("var('v', %s)"):format(spec))[1]
  end
  t.match(wrong '{ type = "intger" }', 'did you mean "integer"?')
  t.match(wrong '{ defualt = 1 }', 'unknown field "defualt"; did you mean "default"?')
  t.match(wrong '{ type = "enum" }', "an enum needs its words")
  t.match(wrong '{ type = "string", min = 1 }', "only numbers have a range")
  t.match(wrong '{ type = "list", of = { "a" } }', "only an enum has words")
  t.match(wrong '{ type = "integer", default = "x" }', 'default: expected a whole number, got "x"')
  t.match(wrong '{ type = "integer", default = 5, max = 3 }', "default: 5 is more than 3")
  t.match(mistakes("var(5)")[1], "a variable needs a name, got 5")
  local twice = mistakes 'var("a", { default = "x" })\nvar("a", { default = "y" })'
  t.match(twice[1], '2: variable "a": is declared twice')
end)

t.test("a secret cannot be shown", function()
  local declared = load([[
    local password = var("password", { type = "secret" })
    output("password", password)
    output("text", tostring(password))
  ]], { vars = { password = "hunter2" } })
  t.is_true(secret.is(declared.outputs.password))
  t.equal(secret.reveal(declared.outputs.password), "hunter2")
  t.equal(declared.outputs.text, "(secret)")
  local options = { vars = { p = "hunter2" } }
  local e = t.raises(function()
    load('local p = var("p", { type = "secret" })\nlocal s = "x" .. p', options)
  end, "argument")
  t.equal(e.where.line, 2)
  t.is_nil(err.format(e, { verbose = true }):find "hunter2")
  t.match(mistakes('vm "a" { annotation = var("p", { type = "secret" }) }', options)[1],
    "annotation: expected a string, got (secret)")
end)
