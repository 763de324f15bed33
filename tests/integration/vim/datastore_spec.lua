--- Files of a datastore, with govc as the witness.
local digest = require "perilune.c.digest"
local file = require "perilune.c.file"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local MIB = 1024 * 1024

local function start()
  local lab = server.start { "-vm", "0", "-host", "1", "-standalone-host", "0" }
  return lab, lab:connect(), t.tmpdir()
end

local function write(path, bytes)
  local to = assert(io.open(path, "wb"))
  to:write(bytes)
  to:close()
end

local function read(path)
  local from = assert(io.open(path, "rb"))
  local bytes = from:read "a"
  from:close()
  return bytes
end

local function paths_of(files)
  local paths = {}
  for i, one in ipairs(files) do paths[i] = one.path end
  return paths
end

t.test("a file is uploaded, listed, downloaded and deleted, as govc sees it", function()
  local lab, vc, dir = start()
  local ds = vc:datastore "LocalDS_0"
  local bytes = digest.random(MIB) .. digest.random(345678)
  write(dir .. "/a.iso", bytes)
  ds:mkdir "iso/more"
  local seen = {}
  local sent = ds:upload(dir .. "/a.iso", "iso/a b%c.iso", {
    sha256 = digest.sha256(bytes),
    on_progress = function(done, total) seen[#seen + 1] = { done, total } end,
  })
  t.equal(sent, { size = #bytes, sha256 = digest.sha256(bytes) })
  t.equal(seen[#seen], { #bytes, #bytes })
  t.equal(lab:govc("datastore.ls", "-ds", "LocalDS_0", "iso/*.iso"), "a b%c.iso")
  lab:govc("datastore.download", "-ds", "LocalDS_0", "iso/a b%c.iso", dir .. "/witness")
  t.is_true(read(dir .. "/witness") == bytes)
  local got = ds:download("[LocalDS_0] iso/a b%c.iso", dir .. "/b.iso", { sha256 = true })
  t.equal(got, { size = #bytes, sha256 = digest.sha256(bytes) })
  t.is_true(read(dir .. "/b.iso") == bytes)
  t.is_nil(file.stat(dir .. "/b.iso.part"))
  local listed = ds:list "iso"
  t.equal(paths_of(listed), { "iso/a b%c.iso", "iso/more" })
  t.equal({ listed[1].size, listed[1].is_folder, listed[2].is_folder }, { #bytes, false, true })
  t.equal(paths_of(ds:list("", { recursive = true })), { "iso", "iso/a b%c.iso", "iso/more" })
  t.equal(ds:stat("iso/a b%c.iso").size, #bytes)
  ds:move("iso/a b%c.iso", "iso/more/c.iso")
  t.equal(paths_of(ds:list "iso/more/*"), { "iso/more/c.iso" })
  ds:delete "iso/more/c.iso"
  t.is_nil(ds:stat "iso/more/c.iso")
  t.is_nil(ds:stat "none/at/all")
  ds:delete "iso"
  t.equal(ds:list(), {})
end)
