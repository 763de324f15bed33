--- Content libraries: what is in them, and its download.
---
---     for _, item in ipairs(vc.libraries:items "images") do print(item.name, item.size) end
---     vc.libraries:download({ library = "images", item = "debian-12" }, "debian-12")
---
--- A file of an item is downloaded in a session: the server is asked to prepare the file, and says where it is once
--- it is there. The session is kept alive meanwhile, and deleted on every way out.
local err = require "perilune.err"
local file = require "perilune.c.file"
local rest = require "perilune.vim.rest"
local scope = require "perilune.util.scope"
local task = require "perilune.c.task"
local transfer = require "perilune.vim.transfer"
local wire = require "perilune.vim.wire"

local AT_ONCE = 8                        -- details read at the same time
local FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2 -- seconds, between two looks at a file that is being prepared
local BEAT_SECONDS = 60                  -- between two signs of life; sessions end after some minutes
local DELETE_SECONDS = 10                -- for deleting a session, on the way out

local libraries = {}

---@class perilune.vim.Library
---@field id string
---@field name string
---@field description string?
---@field type string  "LOCAL", "SUBSCRIBED"

---@class perilune.vim.LibraryItem
---@field id string
---@field name string
---@field description string?
---@field type string?  "ovf", "iso", "vm-template"…
---@field size integer?
---@field library_id string

---@class perilune.vim.LibraryFile
---@field name string
---@field size integer?
---@field checksum { algorithm: string, checksum: string }?

---@class perilune.vim.LibraryDownload
---@field files string[]?  only these
---@field resume boolean?  as for a datastore's files
---@field on_progress fun(done: integer, total: integer?, name: string)?

-- Reading ------------------------------------------------------------------------------------------------

local function get(connection, service, id, query)
  return rest.call(connection, { verb = "GET", service = "content/" .. service, id = id, query = query })
end

--- The details of each id; those that were deleted meanwhile are left out.
local function details(connection, service, ids)
  local found = scope.parallel(AT_ONCE, ids, function(id)
    local ok, value = pcall(get, connection, service, id)
    if ok then
      return value
    elseif not (err.is(value) and value.kind == "not_found") then
      error(value, 0)
    end
  end)
  local kept = {}
  for i = 1, #ids do
    kept[#kept + 1] = found[i]
  end
  table.sort(kept, function(a, b) return a.name < b.name end)
  return kept
end

--- All libraries, by name.
---@param connection perilune.vim.Connection
---@return perilune.vim.Library[]
function libraries.list(connection)
  return details(connection, "library", get(connection, "library") or {})
end

local function named(list, name, what)
  local found, names = {}, {}
  for i, one in ipairs(list) do
    names[i] = one.name
    if one.name == name or one.id == name then
      found[#found + 1] = one
    end
  end
  if #found == 1 then
    return found[1]
  end
  err.raise {
    code = #found == 0 and "vim.not_found" or "vim.ambiguous",
    message = (#found == 0 and "there is no %s %s" or "there are several of the %s %s: take its id"):format(what, name),
    hint = #found == 0 and err.suggest(name, names) or nil,
  }
end

--- The items of a library, by name.
---@param connection perilune.vim.Connection
---@param library string|perilune.vim.Library  its name or id
---@return perilune.vim.LibraryItem[]
function libraries.items(connection, library)
  local of = type(library) == "table" and library or named(libraries.list(connection), library, "content library")
  local ids = get(connection, "library/item", nil, { library_id = of.id }) or {}
  return details(connection, "library/item", ids)
end

--- The item that was meant: itself, or { library = name, item = name }.
local function item_of(connection, what)
  if type(what) == "table" and what.id then
    return what
  elseif type(what) == "table" and what.library and what.item then
    return named(libraries.items(connection, what.library), what.item, "library item")
  end
  err.raise {
    code = "argument",
    message = "an item of a content library is expected",
    hint = 'write { library = "images", item = "debian-12" }',
  }
end

local function checksum_of(info)
  local sum = info.checksum_info
  return type(sum) == "table" and { algorithm = sum.algorithm, checksum = sum.checksum } or nil
end

--- The files of an item, by name.
---@param connection perilune.vim.Connection
---@param item perilune.vim.LibraryItem|{ library: string, item: string }
---@return perilune.vim.LibraryFile[]
function libraries.files(connection, item)
  local of = item_of(connection, item)
  local is_bare = connection.rest_form == "api"
  local found = is_bare and get(connection, ("library/item/%s/file"):format(of.id))
    or get(connection, "library/item/file", nil, { library_item_id = of.id })
  local files = {}
  for i, info in ipairs(found or {}) do
    files[i] = { name = info.name, size = info.size, checksum = checksum_of(info) }
  end
  table.sort(files, function(a, b) return a.name < b.name end)
  return files
end

-- Downloading --------------------------------------------------------------------------------------------

local function session_call(connection, call)
  call.service = "content/library/item/download-session"
  return rest.call(connection, call)
end

--- Calls about the files of a session, which the two forms have at different places.
local function file_call(connection, id, action, name)
  local is_bare = connection.rest_form == "api"
  if is_bare and action == "get" then
    local service = ("content/library/item/download-session/%s/file"):format(id)
    return rest.call(connection, { verb = "GET", service = service, query = { file_name = name } })
  end
  return rest.call(connection, {
    verb = "POST",
    service = is_bare and ("content/library/item/download-session/%s/file"):format(id)
      or "content/library/item/downloadsession/file",
    id = not is_bare and id or nil,
    action = action,
    body = { file_name = name },
    is_read = true, -- to prepare a file twice is to prepare it once
  })
end

--- Waits until a file is prepared; returns where it is.
local function prepare(connection, id, name)
  local info = file_call(connection, id, "prepare", name)
  local pause = FIRST_PAUSE
  while info and info.status ~= "PREPARED" do
    if info.status == "ERROR" then
      local why = type(info.error_message) == "table" and info.error_message.default_message
      err.raise {
        code = "vim.rest",
        message = ("the server cannot prepare %s for download"):format(name),
        server = why or nil,
      }
    end
    task.sleep(pause)
    pause = math.min(2 * pause, LONGEST_PAUSE)
    info = file_call(connection, id, "get", name)
  end
  local where = info and type(info.download_endpoint) == "table" and info.download_endpoint.uri
  return where or err.raise { code = "vim.rest", message = ("the server does not say where %s is"):format(name) }
end

--- Makes a request for a file. The session goes only to the server that it is of.
local function fetch(connection, where)
  local origin = connection.target.origin
  return function(headers)
    if where:sub(1, #origin + 1) == origin .. "/" then
      headers["vmware-api-session-id"] = connection.rest_session:ready()
    end
    local response = connection:request("file", { url = where, method = "GET", headers = headers })
    if response.status ~= 200 and response.status ~= 206 and response.status ~= 416 then
      local closing <close> = response -- luacheck: ignore 211
      error(wire.status_error(response, "GET " .. where), 0)
    end
    return response
  end
end

local function beat(connection, id)
  while true do
    task.sleep(BEAT_SECONDS)
    session_call(connection, { verb = "POST", id = id, action = "keep-alive", body = {}, is_read = true })
  end
end

--- A download session, deleted when the value is closed.
local function open_session(connection, item)
  local id
  local session = setmetatable({}, {
    __close = function()
      if id then
        local delete = { verb = "DELETE", id = id }
        scope.shield(pcall, scope.timeout, DELETE_SECONDS, session_call, connection, delete)
      end
    end,
  })
  function session.begin()
    scope.shield(function() -- a cancellation now would leave one that nobody knows
      id = session_call(connection, { verb = "POST", body = { library_item_id = item.id }, wrap = "create_spec" })
    end)
    return id
  end
  return session
end

--- What the server says that the bytes must be, in the words of a transfer.
local function wanted_of(one)
  local sum = one.checksum
  local kind = sum and sum.algorithm and sum.algorithm:lower():gsub("%-", "")
  return (kind == "sha1" or kind == "sha256") and { [kind] = sum.checksum } or {}
end

--- A name from the server must not lead out of the folder.
local function path_in(folder, name)
  if name == "" or name == ".." or name:find "[/\\]" then
    err.raise { code = "transfer.archive", message = ("the item has a file whose name is a path: %s"):format(name) }
  end
  return folder .. "/" .. name
end

local function download_file(connection, id, one, folder, options)
  local path = path_in(folder, one.name)
  local where = prepare(connection, id, one.name)
  local wanted = wanted_of(one)
  wanted.resume = options.resume
  wanted.on_progress = options.on_progress and function(done, total) options.on_progress(done, total, one.name) end
  local result = transfer.receive_file(fetch(connection, where), path, connection.name .. "/" .. one.name, wanted)
  return { name = one.name, path = path, size = result.size }
end

--- Downloads the files of an item into a folder, which is made if need be. Checksums that the library knows are held
--- against what came. Waits.
---@param connection perilune.vim.Connection
---@param what perilune.vim.LibraryItem|{ library: string, item: string }
---@param folder string
---@param options perilune.vim.LibraryDownload?
---@return { name: string, path: string, size: integer }[]
function libraries.download(connection, what, folder, options)
  options = options or {}
  if type(folder) ~= "string" then
    err.raise { code = "argument", message = "download wants to know the folder to put the files into" }
  end
  local item = item_of(connection, what)
  local files = libraries.files(connection, item)
  if options.files then
    local all = files
    files = {}
    for i, name in ipairs(options.files) do files[i] = named(all, name, "file") end
  end
  file.mkdir(folder)
  local session <close> = open_session(connection, item)
  return scope.scope(function()
    local id = session.begin()
    local keeper = scope.spawn(beat, connection, id)
    local done = {}
    for i, one in ipairs(files) do
      done[i] = download_file(connection, id, one, folder, options)
    end
    keeper:cancel()
    return done
  end)
end

return libraries
