--- Runs spec files, printing TAP: build/perilune run tests/support/run.lua FILE…
local spec = require "tests.support.spec"

for _, path in ipairs(arg) do
  local chunk, problem = loadfile(path, "t")
  if not chunk then error(problem, 0) end
  chunk()
end

return spec.run() == 0 and 0 or 1
