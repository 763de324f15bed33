--- Content libraries, filled by govc.
local box = require "tests.support.box"
local digest = require "perilune.c.digest"
local file = require "perilune.c.file"
local server = require "tests.support.server"
local t = require "tests.support.spec"

local function start(...)
  local lab = server.start { "-vm", "0", "-host", "1", "-standalone-host", "0", ... }
  local dir = t.tmpdir()
  local bytes = digest.random(1024 * 1024) .. digest.random(77)
  box.write(dir .. "/small.iso", bytes)
  lab:govc("library.create", "images")
  lab:govc("library.create", "empty")
  lab:govc("library.import", "images", dir .. "/small.iso")
  return lab, lab:connect(), dir, bytes
end

local function sessions(lab)
  local rest = lab:requests().rest
  local path = "/rest/com/vmware/content/library/item/download-session"
  return { rest["POST " .. path] or 0, rest["DELETE " .. path .. "/id:"] or 0 }
end

t.test("libraries, their items and files are listed", function()
  local _, vc, _, bytes = start()
  local list = vc.libraries:list()
  t.equal({ #list, list[1].name, list[2].name, list[1].type }, { 2, "empty", "images", "LOCAL" })
  t.equal(vc.libraries:items "empty", {})
  local items = vc.libraries:items(list[2])
  t.equal({ #items, items[1].name, items[1].library_id }, { 1, "small", list[2].id })
  local files = vc.libraries:files(items[1])
  t.equal({ #files, files[1].name, files[1].size }, { 1, "small.iso", #bytes })
  t.match(t.raises(function() vc.libraries:items "imags" end, "vim.not_found").hint, '"images"')
  t.raises(function() vc.libraries:files { library = "images", item = "none" } end, "vim.not_found")
  t.raises(function() vc.libraries:files "small" end, "argument")
end)

t.test("an item is downloaded in a session that is deleted afterwards", function()
  local lab, vc, dir, bytes = start()
  local seen
  lab:reset_requests()
  local got = vc.libraries:download({ library = "images", item = "small" }, dir .. "/out", {
    on_progress = function(done, _, name) seen = { done, name } end,
  })
  t.equal(got, { { name = "small.iso", path = dir .. "/out/small.iso", size = #bytes } })
  t.is_true(box.read(dir .. "/out/small.iso") == bytes)
  t.equal(seen, { #bytes, "small.iso" })
  t.equal(sessions(lab), { 1, 1 })
end)

t.test("the session is deleted as well when the download fails", function()
  local lab, vc, dir = start()
  lab:reset_requests()
  lab:rules { { method = "GET /rest/com/vmware/cis/data/*/*", action = { status = 403 } } }
  t.raises(function()
    vc.libraries:download({ library = "images", item = "small" }, dir .. "/out")
  end, "http.status")
  t.equal(sessions(lab), { 1, 1 })
  t.is_nil(file.stat(dir .. "/out/small.iso"))
  t.raises(function()
    vc.libraries:download({ library = "images", item = "small" }, dir .. "/out", { files = { "none" } })
  end, "vim.not_found")
end)

t.test("the newer form of the service gives the same", function()
  local lab, vc, dir, bytes = start "-api"
  local images = vc.libraries:list()[2]
  t.equal(images.name, "images")
  lab:reset_requests()
  t.equal(vc.libraries:files({ library = "images", item = "small" })[1].size, #bytes)
  vc.libraries:download({ library = "images", item = "small" }, dir .. "/out")
  t.is_true(box.read(dir .. "/out/small.iso") == bytes)
  for name in pairs(lab:requests().rest) do
    t.is_true(not name:find "/rest/" or name:find "/rest/com/vmware/cis/data/" ~= nil, name)
  end
end)
