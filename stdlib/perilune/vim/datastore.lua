--- The files of a datastore: `local ds = vc:datastore "LocalDS_0"`; `ds:upload("a.iso", "iso/a.iso")`.
---
--- Bytes go through the server we are connected to (`/folder/PATH?dcPath=…&dsName=…`), with the session that is there:
--- what reaches the API reaches the files, through the same proxies and with the same certificate, and no host needs
--- a login of its own. All else (listing, deleting, folders) are methods of the API.
local ancestry = require "perilune.vim.ancestry"
local err = require "perilune.err"
local percent = require "perilune.util.percent"
local scope = require "perilune.util.scope"
local transfer = require "perilune.vim.transfer"
local wire = require "perilune.vim.wire"

local REMOVE_SECONDS = 10 -- for removing what a failed upload has left

local datastore = {}

---@class perilune.vim.DatastoreFile
---@field name string
---@field path string  below the datastore's root, as "iso/a.iso"
---@field is_folder boolean
---@field size integer?
---@field modified userdata?  time
---@field type string  of the API, as "VmDiskFileInfo"

---@class perilune.vim.Datastore
---@field ref userdata
---@field name string
---@field datacenter userdata
---@field datacenter_path string
---@field private connection perilune.vim.Connection
local Datastore = {}
Datastore.__index = Datastore

--- The files of a datastore.
---@param connection perilune.vim.Connection
---@param what userdata|string  the datastore, or its name
---@return perilune.vim.Datastore
function datastore.open(connection, what)
  local ref = ancestry.resolve(connection, "Datastore", what)
  local place = ancestry.of(connection, ref)
  return setmetatable({
    connection = connection,
    ref = ref,
    name = place.names[#place.names],
    datacenter = place.datacenter,
    datacenter_path = place.datacenter_path,
  }, Datastore)
end

-- Names --------------------------------------------------------------------------------------------------

--- The path below the root of what was given: that itself, or "[name] path".
local function relative(self, path)
  if type(path) ~= "string" then
    err.raise { code = "argument", message = "the path of a file in the datastore is expected" }
  end
  local name, rest = path:match "^%[(.-)%]%s*(.*)$"
  if name and name ~= self.name then
    err.raise {
      code = "argument",
      message = ("%s is not in the datastore %s"):format(path, self.name),
    }
  end
  rest = (rest or path):gsub("^/+", ""):gsub("/+$", "")
  for part in rest:gmatch "[^/]+" do
    if part == ".." or part == "." then
      err.raise { code = "argument", message = ("a path in a datastore has no %q: %s"):format(part, path) }
    end
  end
  return rest
end

--- The name of a file for the API: "[LocalDS_0] iso/a.iso".
---@param path string
---@return string
function Datastore:path(path)
  local rest = relative(self, path)
  return rest == "" and ("[%s]"):format(self.name) or ("[%s] %s"):format(self.name, rest)
end

--- Where a file's bytes are read and written.
---@param path string
---@return string
function Datastore:url(path)
  return ("%s/folder/%s?dcPath=%s&dsName=%s"):format(
    self.connection.target.origin, percent.encode_path(relative(self, path)),
    percent.encode(self.datacenter_path or "ha-datacenter"), percent.encode(self.name))
end

local function folder_of(path)
  return path:match "^(.*)/[^/]*$" or "", path:match "[^/]*$"
end

-- Looking ------------------------------------------------------------------------------------------------

local DETAILS = { fileType = true, fileSize = true, modification = true, fileOwner = false }

local function file_of(info, folder)
  local type_name = info._typeName or "FileInfo"
  return {
    name = info.path,
    path = folder == "" and info.path or folder .. "/" .. info.path,
    is_folder = type_name == "FolderFileInfo",
    size = info.fileSize,
    modified = info.modification,
    type = type_name,
  }
end

local function search(self, folder, pattern, is_deep)
  local browser = self.ref:get "browser"
  local method = is_deep and "SearchDatastoreSubFolders_Task" or "SearchDatastore_Task"
  local info = browser[method](browser, {
    datastorePath = self:path(folder),
    searchSpec = { details = DETAILS, matchPattern = { pattern or "*" }, sortFoldersFirst = false },
  }):await()
  return is_deep and info.result or { info.result }
end

--- The files of a folder, or those that fit: `ds:list()`, `ds:list "iso"`, `ds:list "iso/*.iso"`. `*` and `?` may be in
--- the last part.
---@param pattern string?
---@param options { recursive: boolean? }?  recursive: also of all folders below
---@return perilune.vim.DatastoreFile[]  by path
function Datastore:list(pattern, options)
  local folder = relative(self, pattern or "")
  local glob
  if folder:find "[*?]" then
    folder, glob = folder_of(folder)
  end
  local files = {}
  for _, result in ipairs(search(self, folder, glob, options and options.recursive)) do
    local at = relative(self, result.folderPath or "")
    for _, info in ipairs(result.file or {}) do
      files[#files + 1] = file_of(info, at)
    end
  end
  table.sort(files, function(a, b) return a.path < b.path end)
  return files
end

--- One file or folder, or nil if there is none.
---@param path string
---@return perilune.vim.DatastoreFile?
function Datastore:stat(path)
  local wanted = relative(self, path)
  local folder, name = folder_of(wanted)
  local ok, found = xpcall(search, err.wrap, self, folder, name)
  if not ok then
    if type(found.fault) == "table" and found.fault._typeName == "FileNotFound" then
      return nil
    end
    error(found, 0)
  end
  for _, info in ipairs(found[1].file or {}) do
    if info.path == name then
      return file_of(info, folder)
    end
  end
end

-- Changing -----------------------------------------------------------------------------------------------

local function manager(self)
  return self.connection.content.fileManager
end

--- Deletes a file, or a folder with all that is in it.
---@param path string
function Datastore:delete(path)
  manager(self):DeleteDatastoreFile_Task({ name = self:path(path), datacenter = self.datacenter }):await()
end

--- Makes a folder, and those above it.
---@param path string
function Datastore:mkdir(path)
  manager(self):MakeDirectory { name = self:path(path), datacenter = self.datacenter, createParentDirectories = true }
end

--- Moves or renames a file within the datastore, or to another.
---@param path string
---@param to string
---@param options { overwrite: boolean?, datastore: perilune.vim.Datastore? }?
function Datastore:move(path, to, options)
  local other = options and options.datastore or self
  manager(self):MoveDatastoreFile_Task({
    sourceName = self:path(path),
    sourceDatacenter = self.datacenter,
    destinationName = other:path(to),
    destinationDatacenter = other.datacenter,
    force = options and options.overwrite or false,
  }):await()
end

-- Bytes --------------------------------------------------------------------------------------------------

local function refusal(self, response, verb, path)
  if response.status == 404 then
    return err.new { code = "vim.not_found", message = ("there is no file %s"):format(self:path(path)) }
  end
  return wire.status_error(response, ("%s %s"):format(verb, self:path(path)))
end

--- Sends a request with the session; a session that the server forgot is renewed, and the request made again, if the
--- second function says that it can be.
local function ask(self, path, request, is_repeatable)
  local session = self.connection.session
  for try = 1, 2 do
    local cookie, generation = session:ready()
    request.headers["Cookie"] = cookie
    request.url = self:url(path)
    local response = self.connection:request("file", request)
    if response.status ~= 401 or try == 2 or not is_repeatable then
      return response
    end
    response:close()
    session:forget(generation)
  end
end

local function fetch(self, path)
  return function(headers)
    local response = ask(self, path, { method = "GET", headers = headers }, true)
    if response.status ~= 200 and response.status ~= 206 and response.status ~= 416 then
      local closing <close> = response -- luacheck: ignore 211
      error(refusal(self, response, "GET", path), 0)
    end
    return response
  end
end

--- Downloads a file. What came of it is in TO.part until it is whole; a connection that is lost is taken up again
--- from there.
---@param path string
---@param to string|fun(bytes: string)  a path, or what takes the bytes one piece after the other
---@param options perilune.vim.TransferOptions?
---@return perilune.vim.Transferred
function Datastore:download(path, to, options)
  if type(to) == "function" then
    return transfer.receive(fetch(self, path), { write = to }, self:path(path), options or {})
  elseif type(to) ~= "string" then
    err.raise { code = "argument", message = "download wants to know where to: a path, or a function" }
  end
  return transfer.receive_file(fetch(self, path), to, self:url(path), options or {})
end

--- Removes the remains of an upload that failed, whatever it failed of; quietly.
local function removal(self, path)
  local guard = {}
  --- The body is asked for its second piece when the first one is on its way.
  function guard.watch(body)
    local calls = 0
    return function()
      calls = calls + 1
      guard.has_begun = calls > 1
      return body()
    end
  end
  return setmetatable(guard, {
    __close = function()
      if guard.has_begun then
        scope.shield(pcall, scope.timeout, REMOVE_SECONDS, self.delete, self, path)
      end
    end,
  })
end

--- Uploads a file, in the place of one that is there. What a failed upload has left is removed.
---@param from string|{ size: integer?, read: fun(): string? }  a path; or a function that gives pieces, then nil
---@param path string
---@param options perilune.vim.TransferOptions?
---@return perilune.vim.Transferred
function Datastore:upload(from, path, options)
  local source = transfer.source(from)
  local guard <close> = removal(self, path)
  self.connection:current_time() -- a session that was forgotten is renewed here, not in the middle of a body
  local result = transfer.send(function(body, length)
    local response = ask(self, path, {
      method = "PUT",
      headers = { ["Content-Type"] = "application/octet-stream" },
      body = guard.watch(body),
      body_length = length,
    }, false)
    if response.status < 200 or response.status > 299 then
      local closing <close> = response -- luacheck: ignore 211
      guard.has_begun = false -- what was refused has changed nothing
      error(refusal(self, response, "PUT", path), 0)
    end
    return response
  end, source, options or {})
  guard.has_begun = false
  return result
end

function Datastore:__tostring()
  return ("datastore %s"):format(self.name)
end

return datastore
