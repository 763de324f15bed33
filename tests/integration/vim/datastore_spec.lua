--- Files of a datastore, with govc as the witness.
local digest = require "perilune.c.digest"
local file = require "perilune.c.file"
local scope = require "perilune.util.scope"
local server = require "tests.support.server"
local t = require "tests.support.spec"
local task = require "perilune.c.task"

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

-- Losses -------------------------------------------------------------------------------------------------

local function with_file(size)
  local lab, vc, dir = start()
  local bytes = digest.random(size)
  write(dir .. "/witness", bytes)
  lab:govc("datastore.upload", "-ds", "LocalDS_0", dir .. "/witness", "a.iso")
  lab:reset_requests()
  return lab, vc:datastore "LocalDS_0", dir, bytes, vc
end

t.test("a download that is cut off goes on where it was", function()
  local lab, ds, dir, bytes, vc = with_file(MIB)
  lab:rules { { method = "GET /folder/", times = 2, action = { cut = "middle" } } }
  local before = vc:stats().bytes_in
  local got = ds:download("a.iso", dir .. "/b.iso", { sha256 = digest.sha256(bytes) })
  t.equal(got.size, #bytes)
  t.is_true(read(dir .. "/b.iso") == bytes)
  t.equal(lab:requests().rest["GET /folder/"], 3)
  t.is_true(vc:stats().bytes_in - before < #bytes + 100000)
end)

t.test("with resume, what a failed download left is taken up the next time", function()
  local lab, ds, dir, bytes, vc = with_file(MIB)
  local cut = {
    { method = "GET /folder/", times = 1, action = { cut = "middle" } },
    { method = "GET /folder/", action = { status = 403 } },
  }
  lab:rules(cut)
  t.raises(function() ds:download("a.iso", dir .. "/b.iso", { resume = true }) end, "http.status")
  t.equal(file.stat(dir .. "/b.iso.part").size, #bytes // 2)
  lab:rules {}
  local before = vc:stats().bytes_in
  ds:download("a.iso", dir .. "/b.iso", { resume = true, sha256 = digest.sha256(bytes) })
  t.is_true(read(dir .. "/b.iso") == bytes)
  t.is_true(vc:stats().bytes_in - before < #bytes * 3 // 4)
  t.equal({ file.stat(dir .. "/b.iso.part"), file.stat(dir .. "/b.iso.part.json") }, {})
end)

t.test("what has changed since is downloaded anew", function()
  local lab, ds, dir = with_file(MIB)
  lab:rules {
    { method = "GET /folder/", times = 1, action = { cut = "middle" } },
    { method = "GET /folder/", action = { status = 403 } },
  }
  t.raises(function() ds:download("a.iso", dir .. "/b.iso", { resume = true }) end, "http.status")
  lab:rules {}
  local other = digest.random(MIB)
  write(dir .. "/witness", other)
  os.execute "sleep 1.1" -- the server's file times are in seconds
  lab:govc("datastore.upload", "-ds", "LocalDS_0", dir .. "/witness", "a.iso")
  ds:download("a.iso", dir .. "/b.iso", { resume = true, sha256 = digest.sha256(other) })
  t.is_true(read(dir .. "/b.iso") == other)
end)

t.test("a download that fails, or is not what it should be, leaves nothing", function()
  local lab, ds, dir = with_file(MIB)
  write(dir .. "/b.iso", "old")
  local e = t.raises(function()
    ds:download("a.iso", dir .. "/b.iso", { sha256 = digest.sha256 "other", resume = true })
  end, "transfer.checksum")
  t.match(e.message, "has the SHA256")
  t.match(t.raises(function() ds:download("none", dir .. "/b.iso") end, "vim.not_found").message, "[LocalDS_0] none")
  lab:rules { { method = "GET /folder/", action = { cut = "before" } } }
  t.raises(function() ds:download("a.iso", dir .. "/b.iso") end, "http.cut")
  t.equal(read(dir .. "/b.iso"), "old")
  t.equal({ file.stat(dir .. "/b.iso.part"), file.stat(dir .. "/b.iso.part.json") }, {})
end)

t.test("an upload that is lost is not sent again, and its remains are removed", function()
  local lab, ds, dir = with_file(10)
  write(dir .. "/big", digest.random(MIB))
  lab:rules { { method = "PUT /folder/", action = { cut = "middle" } } }
  t.raises(function() ds:upload(dir .. "/big", "big") end, "http.unknown")
  t.equal(lab:requests().rest["PUT /folder/"], 1)
  t.is_nil(ds:stat "big")
end)

t.test("an upload that is refused leaves the file that was there", function()
  local lab, ds, dir, bytes = with_file(100)
  lab:rules { { method = "PUT /folder/", action = { status = 507 } } }
  local e = t.raises(function() ds:upload(dir .. "/witness", "a.iso") end, "http.status")
  t.equal(e.status, 507)
  t.equal(ds:stat("a.iso").size, #bytes)
end)

t.test("a cancelled upload removes its remains", function()
  local _, ds = with_file(10)
  local piece = ("x"):rep(100000)
  t.raises(function()
    scope.timeout(0.3, function()
      ds:upload({ read = function()
        task.sleep(0.01)
        return piece
      end }, "endless")
    end)
  end, "task.timeout")
  t.is_nil(ds:stat "endless")
end)

t.test("a session that ended is renewed for uploads and downloads", function()
  local lab, ds, dir, bytes, vc = with_file(1000)
  local function forget()
    lab:govc("session.rm", vc.session_key)
  end
  forget()
  ds:upload(dir .. "/witness", "b.iso")
  forget()
  ds:download("b.iso", dir .. "/b.iso")
  t.is_true(read(dir .. "/b.iso") == bytes)
end)

t.test("names are of this datastore and do not climb", function()
  local _, ds = with_file(10)
  t.match(t.raises(function() ds:stat "[other] a" end, "argument").message, "not in the datastore LocalDS_0")
  t.match(t.raises(function() ds:delete "a/../../b" end, "argument").message, "has no \"..\"")
  t.raises(function() ds:download("a.iso") end, "argument")
  t.raises(function() ds:upload(5, "a.iso") end, "argument")
  t.equal(ds:path "/a b/c", "[LocalDS_0] a b/c")
end)
