local t = require "tests.support.spec"
local lexer = require "perilune.playbook.lexer"

local function texts(text)
  local list = {}
  for i, token in ipairs(lexer.tokens(text)) do
    list[i] = token.text
  end
  return list
end

t.test("takes a text apart into names, strings, numbers and symbols", function()
  local kinds = {}
  for i, token in ipairs(lexer.tokens 'a1 = "b" .. 0x1F + 1.5e-3 // c[2]') do
    kinds[i] = token.kind:sub(1, 2) .. ":" .. token.text
  end
  t.equal(kinds, { "na:a1", "sy:=", "st:b", "sy:..", "nu:0x1F", "sy:+", "nu:1.5e-3", "sy://", "na:c",
    "sy:[", "nu:2", "sy:]" })
end)

t.test("leaves out comments of every form", function()
  t.equal(texts "a -- b\nc --[[ d\n e ]] f --[==[ ]] g ]==] h", { "a", "c", "f", "h" })
  t.equal(texts "#!/usr/bin/perilune run\na", { "a" })
  t.equal(texts "a --", { "a" })
end)

t.test("keeps strings whole, whatever is in them", function()
  t.equal(texts [==["a\"b" 'c"d' [[e
]f]] [=[g]]h]=]]==], { 'a\\"b', 'c"d', "e\n]f", "g]]h" })
  t.equal(texts '"a\\\nb" c', { "a\\\nb", "c" })
  t.equal(texts '"a\\z  \n  b" c', { "a\\z  \n  b", "c" })
  t.equal(texts '"-- no comment" --[ one line ]\nx', { "-- no comment", "x" })
  t.equal(texts '"unfinished\nx', { "unfinished", "x" })
end)

t.test("knows line, column and extent of each token", function()
  local tokens = lexer.tokens 'ab = [[x\ny]]\n  "cd"'
  t.equal({ tokens[3].line, tokens[3].column, tokens[3].finish }, { 1, 6, 12 })
  t.equal({ tokens[4].line, tokens[4].column, tokens[4].start }, { 3, 3, 16 })
end)

t.test("pairs brackets and blocks", function()
  local text = "f(function() if x then y() end repeat z() until w end, { a }) "
  local tokens = lexer.tokens(text)
  local closing = lexer.pairs_of(tokens)
  t.equal(tokens[closing[2]].column, 61)
  t.equal(closing[2], #tokens)
  local block = closing[3]
  t.equal({ tokens[3].text, tokens[block].text, tokens[block].column }, { "function", "end", 51 })
end)

t.test("ends on any text, even one that is no Lua", function()
  for _, text in ipairs { "", "(", ")", "[[", "[==", "'", "\\", "\0\1", "--[[", "0x", "end end", "\xff" } do
    lexer.pairs_of(lexer.tokens(text))
  end
end)
