--- Archives: those of tar are read, in any pieces; ours are read by tar.
local t = require "tests.support.spec"
local tar = require "perilune.util.tar"

local function pieces_of(bytes, size)
  local at = 1
  return function()
    local piece = bytes:sub(at, at + size - 1)
    at = at + size
    return piece ~= "" and piece or nil
  end
end

local function files_of(bytes, size)
  local reader = tar.reader(pieces_of(bytes, size))
  local files = {}
  for entry in reader.next, reader do
    local text = {}
    for piece in reader.read, reader do text[#text + 1] = piece end
    files[#files + 1] = { entry.name, entry.size, table.concat(text) }
  end
  return files
end

local function archive_of(format, names)
  local dir = t.tmpdir()
  local path = dir .. "/a.tar"
  for i, name in ipairs(names) do
    local to = assert(io.open(dir .. "/" .. name, "wb"))
    to:write(("%d"):format(i):rep(600 * i))
    to:close()
  end
  assert(os.execute(("cd %s && tar --format=%s -cf a.tar %s"):format(dir, format, table.concat(names, " "))))
  local from <close> = assert(io.open(path, "rb"))
  return from:read "a"
end

t.test("reads what tar writes, in every format, whatever the pieces", function()
  local long = ("n"):rep(140)
  for _, format in ipairs { "gnu", "posix", "ustar" } do
    local names = format == "ustar" and { "a", "b" } or { "a", long, "b" }
    local bytes = archive_of(format, names)
    local wanted = {}
    for i, name in ipairs(names) do wanted[i] = { name, 600 * i, ("%d"):format(i):rep(600 * i) } end
    for _, size in ipairs { 1, 511, 512, 513, 100000 } do t.equal(files_of(bytes, size), wanted) end
  end
end)

t.test("what is not read of a file is passed over", function()
  local reader = tar.reader(pieces_of(archive_of("ustar", { "a", "b" }), 100))
  reader:next()
  reader:read()
  t.equal(reader:next().name, "b")
  t.is_nil(reader:next())
end)

t.test("an archive that is cut off or damaged is refused, wherever that is", function()
  local bytes = archive_of("posix", { "a", "b" })
  local whole = files_of(bytes, 4096)
  for cut = 1, #bytes, 97 do
    local ok, e = pcall(files_of, bytes:sub(1, cut), 4096)
    if ok then
      t.is_true(#e <= #whole)
    else
      t.equal(e.code, "transfer.archive")
    end
  end
  t.raises(function() files_of("X" .. bytes:sub(2), 4096) end, "transfer.archive")
end)

t.test("headers are those that tar reads, also of large files", function()
  local path = t.tmpdir() .. "/a.tar"
  local to = assert(io.open(path, "wb"))
  to:write(tar.header("one", 3, 1000000000), "abc", tar.padding(3), tar.FINISH)
  to:close()
  local listed = t.command { "tar", "-tvf", path, env = { TZ = "UTC" } }
  t.match(listed.stdout, "-rw-r--r-- 0/0")
  t.match(listed.stdout, "3 2001-09-09 01:46 one")
  t.equal(listed.stderr, "")
  local header = tar.header("big", 20 * 2 ^ 30 | 0, 0)
  t.equal(tar.reader(pieces_of(header, 512)):next(), { name = "big", size = 20 * 2 ^ 30 | 0 })
  t.raises(function() tar.header(("n"):rep(101), 1, 0) end, "transfer.archive")
end)
