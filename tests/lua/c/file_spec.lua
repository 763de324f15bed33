--- Files that tasks read and write.
local file = require "perilune.c.file"
local scope = require "perilune.util.scope"
local t = require "tests.support.spec"

local function content(path)
  local f <close> = assert(io.open(path, "rb"))
  return f:read "a"
end

t.test("writes, and reads in pieces until nil", function()
  local path = t.tmpdir() .. "/a"
  local long = ("0123456789"):rep(100000)
  local f <close> = file.open(path, "make")
  f:write "begin "
  f:write(long)
  f:write ""
  f:sync()
  t.equal(content(path), "begin " .. long)
  f:seek(0)
  t.equal(f:read(6), "begin ")
  local pieces = {}
  local bytes = f:read()
  while bytes do
    t.is_true(#bytes <= 256 * 1024)
    pieces[#pieces + 1] = bytes
    bytes = f:read()
  end
  t.is_true(#pieces > 1)
  t.equal(table.concat(pieces), long)
end)

t.test("writes into the middle, and cuts off", function()
  local path = t.tmpdir() .. "/a"
  local f <close> = file.open(path, "new")
  f:write "0123456789"
  f:seek(2)
  f:write "xx"
  f:truncate(6)
  f:close()
  t.equal(content(path), "01xx45")
  local again <close> = file.open(path, "update")
  again:seek(6)
  again:write "more"
  t.equal(content(path), "01xx45more")
end)

t.test("says which file could not be used, and why", function()
  local path = t.tmpdir() .. "/none"
  local e = t.raises(function() file.open(path) end, "io")
  t.match(e.message, "cannot open " .. path .. ": No such file")
  file.open(path, "make"):close()
  t.match(t.raises(function() file.open(path, "new") end, "io").message, "File exists")
  local f = file.open(path)
  t.match(t.raises(function() f:write "x" end, "io").message, "cannot write " .. path)
  f:close()
  f:close()
  t.match(t.raises(function() f:read() end, "io").message, "closed")
  t.match(t.raises(function() file.rename(path .. "1", path) end, "io").message, "cannot rename")
end)

t.test("tells size and kind, renames, removes and makes folders", function()
  local dir = t.tmpdir()
  local f = file.open(dir .. "/a", "make")
  f:write "123"
  f:close()
  t.equal(file.stat(dir .. "/a").size, 3)
  t.equal({ file.stat(dir).is_folder, file.stat(dir .. "/a").is_folder }, { true, false })
  file.rename(dir .. "/a", dir .. "/b")
  t.is_nil(file.stat(dir .. "/a"))
  t.equal({ file.mkdir(dir .. "/c"), file.mkdir(dir .. "/c") }, { true, false })
  t.equal({ file.remove(dir .. "/b"), file.remove(dir .. "/b") }, { true, false })
end)

t.test("many tasks use files at once, and one file is for one task", function()
  local dir = t.tmpdir()
  local list = {}
  for i = 1, 100 do list[i] = i end
  scope.parallel(50, list, function(i)
    local f <close> = file.open(dir .. "/" .. i, "make")
    f:write(("x"):rep(i))
  end)
  for i = 1, 100 do t.equal(file.stat(dir .. "/" .. i).size, i) end
  local f <close> = file.open(dir .. "/1")
  local e = t.raises(function()
    scope.parallel(2, { 1, 2 }, function() f:read() end)
  end, "argument")
  t.match(e.message, "another task")
end)

t.test("what is forgotten or cancelled is closed, also at the end of the program", function()
  local dir = t.tmpdir()
  for i = 1, 50 do file.open(dir .. "/" .. i, "make") end
  collectgarbage()
  t.raises(function()
    scope.scope(function()
      scope.spawn(function()
        while true do
          local f <close> = file.open(dir .. "/z", "make")
          f:write(("y"):rep(1000000))
          f:sync()
        end
      end)
      error "enough"
    end)
  end)
  local script = dir .. "/ends.lua"
  local f = assert(io.open(script, "w"))
  f:write(([[
    local file, task = require "perilune.c.file", require "perilune.c.task"
    local f = file.open("%s/last", "make")
    task.spawn(function() pcall(f.write, f, ("x"):rep(1000000)) end)
    task.sleep(0)
    print "ended"
  ]]):format(dir))
  f:close()
  local result = t.command { "build/perilune", "run", script }
  t.equal({ result.stdout, result.stderr, result.status }, { "ended\n", "", 0 })
end)

t.test("lists a folder, the folders in it with a slash", function()
  local directory = t.tmpdir()
  file.mkdir(directory .. "/inner")
  file.open(directory .. "/a b.lua", "make"):close()
  local names = file.names(directory)
  table.sort(names)
  t.equal(names, { "a b.lua", "inner/" })
  t.equal(file.names(directory .. "/inner"), {})
  t.match(t.raises(function() file.names(directory .. "/none") end, "io").message, "cannot list")
end)
