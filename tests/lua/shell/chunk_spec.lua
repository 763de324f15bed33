--- What was typed, compiled.
local chunk = require "perilune.shell.chunk"
local t = require "tests.support.spec"

local place = { name = "prompt", line = 1 }

local function compile(text, at)
  return chunk.compile(text, at or place, {})
end

t.test("tells what is unfinished from what is wrong", function()
  for _, text in ipairs {
    "function f()", "x = {", "if a then", "f(", "1 +", "x =", "--[[ a", "return [[", "for i = 1, 2 do\nprint(i)",
    "a.b:",
  } do
    t.equal({ compile(text) }, { nil, "more" }, text)
  end
  for _, text in ipairs { "x = = 1", "1 + * 2", "end", "'abc", "f())", "local 5" } do
    local compiled, problem = compile(text)
    t.is_nil(compiled)
    t.equal(problem.code, "playbook.syntax", text)
  end
end)

t.test("gives values of expressions, also of several and of none", function()
  t.equal(table.pack(compile "1 + 1, 'a', nil".run()), { 2, "a", nil, n = 3 })
  t.is_true(compile "".is_expression)
  t.equal(compile("").run(), nil)
  t.equal(compile("-- a comment").run(), nil)
  t.is_false(compile("x = 1").is_expression)
end)

t.test("points at the column of a mistake, in expressions and statements, on any line", function()
  local _, problem = compile("1 + * 2", { name = "prompt", line = 7 })
  t.equal({ problem.where.line, problem.where.column }, { 7, 5 })
  t.match(problem.excerpt, "    7 | 1 + * 2\n      |     ^")
  _, problem = compile("x = 1\ny = = 2", { name = "prompt", line = 3 })
  t.equal({ problem.where.line, problem.where.column }, { 4, 5 })
end)

t.test("says of a text that ends too early what is missing", function()
  t.match(chunk.unfinished("if x then", place).message, "'end' expected near <eof>")
  t.match(chunk.unfinished("1 +", place).message, "unexpected symbol near <eof>")
end)

t.test("makes outermost locals assignments, in the same columns, and leaves all others alone", function()
  local cases = {
    { "local x = 1", "      x = 1", { x = true } },
    { "local x", "      x = nil", { x = true } },
    { "local a, b = f()", "      a, b = f()", { a = true, b = true } },
    { "local x <const> = 1", "      x         = 1", { x = true } },
    { "local x <close> = f()", "local x <close> = f()", {} },
    { "local function f() local y = 1 end", "      function f() local y = 1 end", { f = true } },
    { "do local y = 1 end", "do local y = 1 end", {} },
    { "if a then local b end local c = 1", "if a then local b end       c = 1", { c = true } },
    { "for i = 1, 2 do local z = i end", "for i = 1, 2 do local z = i end", {} },
    { "repeat local z = 1 until z local q", "repeat local z = 1 until z       q = nil", { q = true } },
    { "x = 'local y'", "x = 'local y'", {} },
  }
  for _, case in ipairs(cases) do
    t.equal({ chunk.without_locals(case[1]) }, { case[2], case[3] })
  end
end)
