--- Whose a VM is: extraConfig perilune.owner holds the owner and the instance UUID it was written for.
---
--- vCenter gives a clone a new instance UUID and copies extraConfig, so a clone is nobody's.
local marker = {}

marker.KEY = "perilune.owner"
marker.PATH = 'config.extraConfig["perilune.owner"].value'

--- The value to store in a VM that is created with that instance UUID.
---@param owner string
---@param instance_uuid string
---@return string
function marker.value(owner, instance_uuid)
  return owner .. " " .. instance_uuid
end

--- The owner of a VM as its entry tells; nil when it is nobody's.
---@return string? owner
function marker.owner(entry)
  local value = entry.props[marker.PATH]
  local instance_uuid = entry.props["config.instanceUuid"]
  if type(value) ~= "string" or not instance_uuid then return nil end
  local owner, written_for = value:match "^(.*) (%S+)$"
  if written_for and written_for:lower() == instance_uuid:lower() then return owner end
end

return marker
