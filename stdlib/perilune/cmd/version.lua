--- perilune version: what this program is made of.
local build = require "perilune.c.build"
local json = require "perilune.c.json"
local schema = require "perilune.c.schema"

local version = {
  name = "version",
  usage = "",
  summary = "Print what this program is made of.",
  arguments = {},
  options = {},
  examples = {
    { "version", "program, Lua, API description, libraries" },
    { "--version", "the same" },
    { "version | head -n 1", "the program alone" },
  },
}

---@return integer
function version.main()
  local api = schema.version()
  print("perilune " .. build.version)
  print(build.lua)
  print(("vSphere API %s from %s"):format(api.api, api.source))
  print(("libuv/%s libxml2/%s jansson/%s"):format(build.libuv, build.libxml2, json.release))
  print(build.libcurl)
  return 0
end

return version
