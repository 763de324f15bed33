--- Small reads of one VM, arg[1] at a time for arg[2] seconds: prints how many, and the CPU seconds they cost.
local task = require "perilune.c.task"

local vc = vcenter()
local vm = vc:find_one { type = "VirtualMachine", name = "DC0_H0_VM0" }
local cpu, finish, count = os.clock(), task.now() + tonumber(arg[2]), 0

local readers = {}
for i = 1, tonumber(arg[1]) do
  readers[i] = function()
    while task.now() < finish do
      vm:get("name", "runtime.powerState")
      count = count + 1
    end
  end
end
all(readers)
print(count, os.clock() - cpu)
