--- The calls that make, change and destroy a VM, in order.
local devices = require "perilune.kind.vm.devices"
local digest = require "perilune.c.digest"
local spec = require "perilune.kind.vm.spec"
local step = require "perilune.kind.step"
local units = require "perilune.util.units"

local steps = {}

--- Seconds a guest may take to shut down before it is powered off.
local SHUTDOWN_SECONDS = 180

local function attach_tags(node, list, context, tags)
  list:add {
    title = "attach " .. table.concat(tags, ", "),
    beside = not node.entry,
    calls = {
      {
        service = "tags",
        method = "attach",
        args = { object = step.object(node), tag_ids = context.tag_ids(tags) },
      },
    },
  }
end

local function detach_tags(node, list, context, tags)
  list:add {
    title = "detach " .. table.concat(tags, ", "),
    calls = {
      {
        service = "tags",
        method = "detach",
        args = { object = step.object(node), tag_ids = context.tag_ids(tags) },
      },
    },
  }
end

local function power_on(node, list)
  list:add {
    title = "power on",
    beside = not node.entry,
    calls = { { object = step.object(node), method = "PowerOnVM_Task", args = {} } },
  }
end

local function power_off(node, list)
  list:add {
    title = "shut down",
    calls = {
      { service = "power", method = "shut_down", args = { vm = node.entry.ref, seconds = SHUTDOWN_SECONDS } },
    },
  }
end

local function create(node, list, context)
  local fields = node.fields
  local folder = fields.folder and step.object(fields.folder)
    or context.vm_folder(node)
  list:add {
    title = "create",
    calls = {
      {
        object = folder,
        method = "CreateVM_Task",
        makes = node.id,
        args = {
          config = spec.create(node, context.owner, digest.uuid(), context.estate),
          pool = fields.pool.entry.ref,
          host = context.host_for(node),
        },
      },
    },
  }
  if #fields.tags > 0 then attach_tags(node, list, context, fields.tags) end
  if fields.power == "on" then power_on(node, list) end
end

local function move(node, list)
  if node.entry.name ~= node.name then
    list:add {
      title = "rename",
      calls = { { object = node.entry.ref, method = "Rename_Task", args = { newName = node.name } } },
    }
  end
  local folder = node.fields.folder and step.object(node.fields.folder)
  if folder and (step.is_symbol(folder) or not node.entry.parent or folder ~= node.entry.parent.ref) then
    list:add {
      title = "move",
      calls = { { object = folder, method = "MoveIntoFolder_Task", args = { list = { node.entry.ref } } } },
    }
  end
end

local function needs_off(change)
  for _, field in ipairs(change.fields) do
    if field.word == "reboot" or field.note == "after power off" then return true end
  end
  return false
end

--- Fields that steps of their own change.
local APART = { folder = true, name = true, pool = true, power = true, tags = true }

local function reconfigure_title(change)
  local parts = {}
  for _, field in ipairs(change.fields) do
    if not APART[field.path] then parts[#parts + 1] = field end
  end
  if #parts > 1 then return ("reconfigure (%d fields)"):format(#parts) end
  local field = parts[1]
  return ("%s %s"):format(field.path, field.old and field.old .. " → " .. field.new or field.new)
end

local function field_of(change, path)
  for _, field in ipairs(change.fields) do
    if field.path == path then return field end
  end
end

--- changeVersion guards the call: changed by somebody else since it was read, the server refuses. A step
--- of ours before it moves the version on, and then the guard would stop ourselves.
local function reconfigure(node, change, list, context)
  local made = spec.reconfigure(node, change, context.estate)
  if not made then return end
  if not list:is_empty() then made.changeVersion = nil end
  list:add {
    title = reconfigure_title(change),
    calls = { { object = node.entry.ref, method = "ReconfigVM_Task", args = { spec = made } } },
  }
end

local function relocate(node, change, list)
  if not field_of(change, "pool") then return end
  list:add {
    title = "move to pool " .. node.fields.pool.name,
    calls = {
      {
        object = node.entry.ref,
        method = "RelocateVM_Task",
        args = { spec = { pool = node.fields.pool.entry.ref } },
      },
    },
  }
end

local function update(node, change, list, context)
  move(node, list)
  local is_off = node.actual.power == "off"
  if not is_off and (needs_off(change) or node.fields.power == "off") then
    power_off(node, list)
    is_off = true
  end
  reconfigure(node, change, list, context)
  relocate(node, change, list)
  local tags = field_of(change, "tags")
  if tags and tags.removed then detach_tags(node, list, context, tags.removed) end
  if tags then attach_tags(node, list, context, tags.added) end
  local wanted = node.fields.power or node.actual.power
  if wanted == "on" and (is_off or node.actual.power ~= "on") then power_on(node, list) end
end

--- Adds the steps of a VM that is to be made or changed.
function steps.make(node, change, list, context)
  if node.entry then
    update(node, change, list, context)
  else
    create(node, list, context)
  end
end

--- Adds the steps that destroy a VM, and says what goes with it.
function steps.remove(node, change, list)
  local count, bytes = 0, 0
  for _, disk in pairs(node.actual and node.actual.devices.disks or {}) do
    count, bytes = count + 1, bytes + devices.size(disk)
  end
  local what = count == 0 and "deletes it" or ("deletes %d disk%s, %s"):format(
    count, count == 1 and "" or "s", units.format_size(bytes))
  change.hurts[#change.hurts + 1] = { word = "delete", text = what }
  if node.actual and node.actual.power ~= "off" then
    list:add {
      title = "power off",
      removes = true,
      calls = { { object = node.entry.ref, method = "PowerOffVM_Task", args = {} } },
    }
  end
  list:add {
    title = "destroy",
    removes = true,
    calls = { { object = node.entry.ref, method = "Destroy_Task", args = {} } },
  }
end

return steps
