--- perilune version
local build = require "perilune.c.build"

local version = {}

---@return integer  exit code
function version.main()
  print("perilune " .. build.version)
  return 0
end

return version
