--- Faults of the API as errors for people: what happened, in words built from the fault's type and
--- fields (a server's own text is often empty or junk), and what to do about the common ones.
local err = require "perilune.err"
local schema = require "perilune.c.schema"

local fault = {}

local function named(object)
  return object and tostring(object) or "the object"
end

local function quoted(text)
  return text and ('"%s"'):format(text) or "?"
end

local function missing_privileges(data)
  local lines = {}
  for _, entry in ipairs(data.missingPrivileges or {}) do
    lines[#lines + 1] = ("%s on %s"):format(table.concat(entry.privilegeIds or {}, ", "), named(entry.entity))
  end
  if #lines == 0 then
    lines[1] = ("%s on %s"):format(data.privilegeId or "a privilege", named(data.object))
  end
  return table.concat(lines, "; ")
end

--- How a fault reads: type name → function(data) → words, hint (both may be nil).
local words = {}

function words.NoPermission(data)
  return "the user lacks " .. missing_privileges(data),
    "let an administrator grant the privilege on that object, or log in as another user"
end

function words.InvalidLogin()
  return "wrong user name or password", "accounts get locked: check the password before trying again"
end

function words.NotAuthenticated()
  return "the session has ended", "log in again"
end

function words.DuplicateName(data)
  return ("the name %s is taken by %s"):format(quoted(data.name), named(data.object)),
    "choose another name, or declare the object that is there"
end

function words.AlreadyExists(data)
  return data.name and quoted(data.name) .. " exists already" or "it exists already"
end

function words.InvalidName(data)
  return quoted(data.name) .. " is no valid name", "names have 1 to 80 characters"
end

function words.NoDiskSpace(data)
  return "no space left on datastore " .. (data.datastore or "?"), "free space, or choose another datastore"
end

function words.InsufficientStorageSpace()
  return "not enough space on the datastore",
    "free space, choose another datastore, or make the disks thin"
end

function words.InsufficientResourcesFault()
  return "not enough resources on the host or in the pool",
    "lower the reservation, power something off, or choose another host or pool"
end

function words.InvalidPowerState(data)
  local is, wanted = data.existingState or "in another power state", data.requestedState
  if is == wanted then
    return ("it is %s already"):format(is)
  end
  return wanted and ("it is %s, and the call needs %s"):format(is, wanted) or "it is " .. is,
    "someone else may have switched it meanwhile: read the state again"
end

function words.InvalidState()
  return "the object is not in a state that allows the call",
    "look whether its host is in maintenance or disconnected, and whether another task runs on it"
end

function words.InvalidHostState(data)
  return named(data.host) .. " is not in a state that allows the call",
    "is it in maintenance mode or disconnected?"
end

function words.HostNotConnected()
  return "the host is not connected to its vCenter", "reconnect the host first"
end

function words.ResourceInUse(data)
  return ("%s is in use"):format(data.name or data.type or "the resource"), "remove what still uses it first"
end

function words.TaskInProgress(data)
  return ("another task (%s) runs on the object"):format(named(data.task)),
    "wait for it to end, then try again"
end

function words.ConcurrentAccess()
  return "the object was changed by someone else meanwhile", "read it again, then try again"
end

function words.ManagedObjectNotFound(data)
  return named(data.obj) .. " does not exist any more",
    "it was removed, or the reference is of another server"
end

function words.NotFound()
  return "what the call refers to does not exist"
end

function words.InvalidProperty(data)
  return "the property " .. quoted(data.name) .. " does not exist"
end

function words.InvalidArgument(data)
  return data.invalidProperty and "the server refuses the value of " .. data.invalidProperty
    or "the server refuses an argument"
end

function words.InvalidType(data)
  return data.argument and "wrong type of " .. data.argument or "an argument has the wrong type"
end

function words.InvalidRequest()
  return "the server could not read the request"
end

function words.InvalidVmConfig(data)
  return data.property and "the server refuses " .. data.property or "the server refuses the configuration"
end

function words.InvalidDeviceSpec(data)
  local index = data.deviceIndex and ("deviceChange[%d]"):format(data.deviceIndex + 1)
  return ("the server refuses the device %s"):format(index or data.property or "given")
end

function words.FileNotFound(data)
  return "no file " .. (data.file or "?"), "check the path: [datastore] folder/file"
end

function words.FileAlreadyExists(data)
  return "the file exists already: " .. (data.file or "?"),
    "choose another name, or use the file that is there"
end

function words.FileLocked(data)
  return "the file is locked: " .. (data.file or "?"), "another host or virtual machine has it open"
end

function words.CannotAccessFile(data)
  return "the file cannot be accessed: " .. (data.file or "?"), "is its datastore mounted on the host?"
end

function words.InvalidDatastore(data)
  return "the datastore cannot be used: " .. (data.name or named(data.datastore))
end

function words.InvalidDatastorePath(data)
  return "no datastore path: " .. (data.datastorePath or "?"), "write [datastore] folder/file"
end

function words.LimitExceeded(data)
  return ("the limit of %s is %s"):format(data.property or "the value", data.limit or "passed")
end

function words.RestrictedVersion()
  return "the licence or version of the server does not allow the call",
    "a free ESXi licence makes the API read-only"
end

function words.NotSupported()
  return "the server does not support the call on this object"
end

function words.MethodNotFound(data)
  return ("the server has no method %s"):format(data.method or "of that name"), "its version may be too old"
end

function words.RequestCanceled()
  return "the task was cancelled"
end

function words.Timedout()
  return "the server gave up waiting"
end

function words.ToolsUnavailable()
  return "VMware Tools do not run in the guest", "wait until the guest has started, or install VMware Tools"
end

function words.SystemError(data)
  return data.reason
end

function words.PlatformConfigFault(data)
  return data.text
end

function words.NoHost(data)
  return "no host" .. (data.name and " " .. data.name or "")
end

--- The type of a fault by its API name; a simulator's Go name (InvalidPropertyFault) is mended.
---@param data table?  a fault's data object
---@return string
function fault.name(data)
  local name = data and data._typeName or "MethodFault"
  local stem = name:match "^(.+)Fault$"
  if stem and not schema.is_a(name, name) and schema.is_a(stem, stem) then
    return stem
  end
  return name
end

--- Tells whether a fault is of a type, or of one derived from it.
---@param data table?
---@param name string
---@return boolean
function fault.is(data, name)
  local own = fault.name(data)
  return own == name or schema.is_a(own, name)
end

--- Opens a LocalizedMethodFault, as faults inside data are; a bare fault passes.
---@param value table?
---@return table? data
---@return string? text
function fault.unwrap(value)
  if value and value.fault and (value._typeName == nil or value._typeName == "LocalizedMethodFault") then
    return value.fault, value.localizedMessage
  end
  return value, nil
end

local function of_base(name)
  local description = schema.type(name)
  while description do
    if words[description.name] then
      return words[description.name]
    end
    description = description.base and schema.type(description.base)
  end
end

--- The server's own words, or nil where they say nothing: empty, a Go type, the fault's name again.
local function server_words(text, data, name)
  local spoken = text
  if (not spoken or spoken == "") and data and data.faultMessage then
    local list = {}
    for _, message in ipairs(data.faultMessage) do
      list[#list + 1] = message.message
    end
    spoken = table.concat(list, " ")
  end
  if not spoken or spoken == "" or spoken == name or spoken:match "^%*?[%w_]+%.[%w_]+$" then
    return nil
  end
  return spoken
end

local function place(call)
  if not call.method then
    return nil
  end
  local text = call.object and ("%s on %s"):format(call.method, tostring(call.object)) or call.method
  return call.operation and ("%s, operation id %s"):format(text, call.operation) or text
end

--- The fault as an error table (not raised).
---@param data table?  the fault's data object, or a LocalizedMethodFault
---@param text string?  the server's words
---@param call { method: string?, object: any, operation: string? }?  what was called
---@return perilune.err.Error
function fault.error(data, text, call)
  local inner, inner_text = fault.unwrap(data)
  call = call or {}
  local name = fault.name(inner)
  local speak = words[name] or of_base(name)
  local said, hint
  if speak and inner then
    said, hint = speak(inner)
  end
  local server = server_words(inner_text or text, inner, name)
  return err.new {
    code = fault.is(inner, "InvalidProperty") and "vim.property" or "vim.fault",
    message = said and ("%s: %s"):format(name, said) or name,
    fault = inner,
    server = server,
    hint = hint,
    method = call.method,
    object = call.object,
    operation = call.operation,
    detail = place(call),
  }
end

return fault
