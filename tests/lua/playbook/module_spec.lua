local t = require "tests.support.spec"
local playbook = require "perilune.playbook"
local reading = require "tests.lua.playbook.reading"

local function load(files)
  local directory = reading.files(files)
  return playbook.load(directory .. "/book.lua", { kinds = reading.kinds }), directory
end

local function fails(files, code)
  return t.raises(function() load(files) end, code)
end

t.test("a module beside the playbook shares its environment, and runs once", function()
  local declared = load {
    ["book.lua"] = 'local m = require "names"\noutput("same", m == require "names")\nvm(m.name(1)) {}',
    ["names.lua"] = 'folder "f" { path = "/f" }\nreturn { name = function(i) return ("n%d"):format(i) end }',
  }
  t.equal({ declared.resources[1].name, declared.resources[2].name }, { "f", "n1" })
  t.is_true(declared.outputs.same)
  t.match(declared.resources[1].where.file, "/names.lua")
end)

t.test("mistakes in a module have its file and line", function()
  local e = fails({
    ["book.lua"] = 'require "m"\nvm "a" { y = 1 }',
    ["m.lua"] = '\nvm "b" {\n  x = 1 }',
  }, "playbook.mistakes")
  t.match(e.mistakes[1].where.file, "/book.lua")
  t.match(e.mistakes[2].where.file, "/m.lua")
  t.equal(e.mistakes[2].where.line, 3)
  t.match(e.mistakes[2].excerpt, "x = 1")
  e = fails({ ["book.lua"] = 'require "m"', ["m.lua"] = "local x = = 1" }, "playbook.syntax")
  t.match(e.where.file, "/m.lua")
  e = fails({
    ["book.lua"] = 'local f = require "m"\nf()',
    ["m.lua"] = "return function()\n  error 'boo' end",
  }, "playbook.error")
  t.equal({ e.where.line, e.message }, { 2, "boo" })
  t.match(e.traceback, "book.lua:2:")
end)

t.test("a module that is not there, or requires itself, is a mistake at the line", function()
  local e = fails({ ["book.lua"] = '\nrequire "nams"' }, "playbook.error")
  t.equal(e.where.line, 2)
  t.match(e.message, 'no module "nams" beside the playbook')
  t.match(e.hint, "/nams.lua")
  local circle = { ["book.lua"] = 'require "a"', ["a.lua"] = 'require "b"', ["b.lua"] = 'require "a"' }
  e = fails(circle, "playbook.error")
  t.match(e.message, 'module "a" requires itself')
  t.match(e.where.file, "/b.lua")
end)

t.test("nothing but what lies beside the playbook can be required", function()
  for _, name in ipairs { "perilune.err", "../x", "/etc/x", "a..b", "" } do
    fails({ ["book.lua"] = ("require %q"):format(name) }, "playbook.error")
  end
end)
