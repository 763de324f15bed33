--- A VM as it is against a VM as declared.
local devices = require "perilune.kind.vm.devices"
local identity = require "perilune.kind.vm.identity"
local marker = require "perilune.kind.vm.marker"
local slots = require "perilune.kind.vm.slots"
local units = require "perilune.util.units"

local diff = {}

local POWER = { poweredOn = "on", poweredOff = "off", suspended = "suspended" }
local MIB = 1024 * 1024

local function disk_slot(disk, i)
  return disk.slot or slots.at(i)
end

local function slot_list(sorted)
  local lines = {}
  for slot, disk in pairs(sorted.disks) do
    lines[#lines + 1] = ("  %s  %s"):format(slot, units.format_size(devices.size(disk)))
  end
  table.sort(lines)
  return #lines > 0 and table.concat(lines, "\n") or "  none"
end

local function unmentioned_disk(node, sorted)
  local mentioned = {}
  for i, disk in ipairs(node.fields.disks) do
    mentioned[disk_slot(disk, i)] = true
  end
  for slot in pairs(sorted.disks) do
    if not mentioned[slot] then return slot end
  end
end

--- An adopted VM whose disks sit elsewhere than the list says would be given new, empty ones.
local function alignment_problem(node, sorted, context)
  if marker.owner(node.entry) == context.owner and context.owner then return nil end
  for i, disk in ipairs(node.fields.disks) do
    local slot = disk_slot(disk, i)
    if not disk.absent and not sorted.disks[slot] and unmentioned_disk(node, sorted) then
      return ("disks[%d] would be a new disk at %s, but the VM was not made by this playbook and has "
        .. "disks that the playbook does not mention; give each its slot. Its disks:\n%s")
        :format(i, slot, slot_list(sorted))
    end
  end
end

local function disk_problem(node, sorted)
  local seen = {}
  for i, disk in ipairs(node.fields.disks) do
    local slot = disk_slot(disk, i)
    if not slot then return ("disks[%d] is past the last SCSI slot"):format(i) end
    if seen[slot] then return ("disks[%d] and disks[%d] are both at %s"):format(seen[slot], i, slot) end
    seen[slot] = i
    local present = sorted.disks[slot]
    if present and disk.size and disk.size < devices.size(present) then
      return ("disks[%d].size: a disk cannot shrink; it is %s, not %s"):format(
        i, units.format_size(devices.size(present)), units.format_size(disk.size))
    end
  end
end

local function nic_problem(node, sorted)
  local seen
  for i, nic in ipairs(node.fields.nics) do
    if not nic.absent and not sorted.cards[i] then
      seen = seen or i
    elseif seen and nic.absent then
      return ("nics[%d] is to be removed, but nics[%d] does not exist yet"):format(i, seen)
    end
  end
end

local NEEDED = { pool = "pool", datastore = "datastore" }

local function creation_problem(node, context)
  for field, name in pairs(NEEDED) do
    if not node.fields[field] then return ("it does not exist yet; to make it, %s is needed"):format(name) end
  end
  local _, problem = identity.datacenter(node, context.estate)
  return problem
end

local function extra_config(row, keys)
  local values = {}
  for key in pairs(keys) do
    values[key] = row[("config.extraConfig[%q].value"):format(key)]
  end
  return values
end

local function from_row(node, row, facts)
  local fields = node.fields or { extra_config = {} }
  return {
    cpus = row["config.hardware.numCPU"],
    memory = row["config.hardware.memoryMB"] * MIB,
    annotation = row["config.annotation"] or "",
    guest_id = row["config.guestId"],
    power = POWER[row["runtime.powerState"]],
    pool = row.resourcePool,
    extra_config = extra_config(row, fields.extra_config),
    devices = devices.sort(row["config.hardware.device"] or {}),
    tags = facts:tags_on(node.entry.ref),
    change_version = row["config.changeVersion"],
    cpu_hot_add = row["config.cpuHotAddEnabled"],
    cpu_hot_remove = row["config.cpuHotRemoveEnabled"],
    memory_hot_add = row["config.memoryHotAddEnabled"],
  }
end

local function problem_of(node, actual, context)
  if not node.fields then return nil end
  local sorted = actual and actual.devices or { disks = {}, cards = {} }
  return not actual and creation_problem(node, context)
    or actual and alignment_problem(node, sorted, context)
    or disk_problem(node, sorted)
    or nic_problem(node, sorted)
    or context.tags_problem(node.fields.tags)
    or nil
end

--- The present state in the words of the fields; nil when it does not exist. A second result is a conflict.
function diff.actual(node, facts, context)
  local actual
  if node.entry then
    local row = facts:of(node.entry.ref)
    if not row or not row["config.hardware.numCPU"] then
      return nil, "its configuration cannot be read (is it orphaned, or still being made?)"
    end
    actual = from_row(node, row, facts)
  end
  return actual, problem_of(node, actual, context)
end

local function is_running(node)
  return node.actual.power ~= "off"
end

--- What a change that needs the VM off says, and that it hurts; nil while it is off anyway.
local function off_needed(node, reason)
  if not is_running(node) then return {} end
  if node.fields.power == "off" then return { note = "after power off" } end
  return { hurt = ("needs a reboot (%s)"):format(reason), word = "reboot" }
end

local function online_or_off(node, is_online, reason)
  if not is_running(node) then return {} end
  if is_online then return { note = "online" } end
  return off_needed(node, reason)
end

local function field(changes, values, cost)
  for key, value in pairs(cost or {}) do
    values[key] = value
  end
  changes:field(values)
end

local function diff_cpus(node, changes)
  local old, new = node.actual.cpus, node.fields.cpus
  if not node.given.cpus or old == new then return end
  local actual = node.actual
  local cost = new > old and online_or_off(node, actual.cpu_hot_add, "hot-add is off")
    or online_or_off(node, actual.cpu_hot_remove, "hot-remove is off")
  field(changes, { path = "cpus", old = tostring(old), new = tostring(new), raw = { old, new } }, cost)
end

local function diff_memory(node, changes)
  local old, new = node.actual.memory, node.fields.memory
  if not node.given.memory or old == new then return end
  local cost = new > old and online_or_off(node, node.actual.memory_hot_add, "hot-add is off")
    or off_needed(node, "memory cannot be taken away while it runs")
  field(changes, {
    path = "memory", old = units.format_size(old), new = units.format_size(new), raw = { old, new },
  }, cost)
end

local function diff_guest(node, changes)
  local old, new = node.actual.guest_id, node.fields.guest_id
  if not node.given.guest_id or old == new then return end
  local cost = off_needed(node, "the guest id is read at power-on")
  field(changes, { path = "guest_id", old = old, new = new }, cost)
end

local function diff_annotation(node, changes)
  local old, new = node.actual.annotation, node.fields.annotation
  if node.given.annotation and old ~= new then
    local quoted = { ("%q"):format(old), ("%q"):format(new) }
    field(changes, { path = "annotation", old = quoted[1], new = quoted[2], raw = { old, new } })
  end
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function diff_extra_config(node, changes)
  for _, key in ipairs(sorted_keys(node.fields.extra_config)) do
    local old, new = node.actual.extra_config[key] or "", node.fields.extra_config[key]
    if tostring(old) ~= new then
      field(changes, { path = ("extra_config[%q]"):format(key), old = tostring(old), new = new })
    end
  end
end

local function disk_text(disk)
  return units.format_size(disk.size) .. (disk.thin == false and " thick" or " thin")
end

local function diff_disk(node, changes, i, disk)
  local slot = disk_slot(disk, i)
  local present = node.actual.devices.disks[slot]
  local path = disk.slot and ("disks[%s]"):format(slot) or ("disks[%d]"):format(i)
  if disk.absent then
    if not present then return end
    local size = units.format_size(devices.size(present))
    field(changes, {
      path = path, old = size, new = disk.keep_file and "detached, file kept" or "removed",
      hurt = not disk.keep_file and ("deletes %s"):format(size) or nil,
      word = not disk.keep_file and "delete" or nil,
    })
  elseif not present then
    field(changes, { path = path, new = disk_text(disk), note = is_running(node) and "online" or nil })
  elseif disk.size > devices.size(present) then
    local old = devices.size(present)
    field(changes, {
      path = path, old = units.format_size(old), new = units.format_size(disk.size), raw = { old, disk.size },
      note = is_running(node) and "online" or nil,
    })
  end
end

local function nic_text(nic)
  return ("%s on %s"):format(nic.type or "vmxnet3", nic.network.name)
end

local function diff_nic(node, changes, i, nic, estate)
  local card = node.actual.devices.cards[i]
  local path = ("nics[%d]"):format(i)
  if nic.absent then
    if card then
      field(changes, {
        path = path, old = devices.card_type(card), new = "removed",
        hurt = is_running(node) and "takes a network card out of a running VM" or nil,
        word = is_running(node) and "disconnect" or nil,
      })
    end
  elseif not card then
    field(changes, { path = path, new = nic_text(nic), note = is_running(node) and "online" or nil })
  elseif nic.type and devices.card_type(card) ~= nic.type then
    field(changes, {
      path = path .. ".type", old = devices.card_type(card), new = nic.type,
      hurt = is_running(node) and "replaces a network card of a running VM" or nil,
      word = is_running(node) and "disconnect" or nil,
    })
  elseif not devices.is_on(card, nic.network, estate) then
    field(changes, {
      path = path .. ".network", old = devices.network_name(card, estate), new = nic.network.name,
      note = is_running(node) and "online" or nil,
    })
  end
end

local function diff_pool(node, changes, estate)
  local wanted = node.fields.pool
  if wanted and wanted.entry.ref ~= node.actual.pool then
    local old = estate:entry(node.actual.pool)
    field(changes, { path = "pool", old = old and old.path or "another pool", new = wanted.entry.path })
  end
end

local function diff_place(node, changes, context)
  if node.fields.folder and node.entry.parent ~= node.fields.folder.entry then
    local old = node.entry.parent and node.entry.parent.path or "a vApp"
    local new = identity.folder_path(node, context.estate)
    field(changes, { path = "folder", old = old, new = new, moves = true })
  end
  if node.entry.name ~= node.name then
    field(changes, { path = "name", old = node.entry.name, new = node.name, moves = true })
  end
end

local function diff_power(node, changes)
  local old, new = node.actual.power, node.fields.power
  if not new or old == new then return end
  local hurts = new == "off"
  field(changes, {
    path = "power", old = old, new = new,
    hurt = hurts and "shuts it down" or nil, word = hurts and "poweroff" or nil,
  })
end

--- Tags to attach and, where a category allows one only, those in their way.
local function diff_tags(node, changes, context)
  local added, removed = context.tag_changes(node.fields.tags, node.actual.tags)
  if #added > 0 then
    field(changes, { path = "tags", added = added, removed = #removed > 0 and removed or nil })
  end
end

--- Tells changes every field that differs.
function diff.diff(node, changes, context)
  diff_place(node, changes, context)
  diff_cpus(node, changes)
  diff_memory(node, changes)
  diff_guest(node, changes)
  diff_annotation(node, changes)
  diff_extra_config(node, changes)
  for i, disk in ipairs(node.fields.disks) do
    diff_disk(node, changes, i, disk)
  end
  for i, nic in ipairs(node.fields.nics) do
    diff_nic(node, changes, i, nic, context.estate)
  end
  diff_pool(node, changes, context.estate)
  diff_tags(node, changes, context)
  diff_power(node, changes)
end

local function indexed(list, text)
  local parts = {}
  for i, item in ipairs(list) do
    if not item.absent then parts[#parts + 1] = ("[%s] %s"):format(item.slot or i, text(item)) end
  end
  return #parts > 0 and table.concat(parts, "   ") or nil
end

--- Tells changes what a VM that does not exist yet will be.
function diff.describe(node, changes)
  local fields = node.fields
  local function tell(path, text, raw)
    if text then changes:field { path = path, new = text, raw = { nil, raw } } end
  end
  tell("guest_id", fields.guest_id)
  tell("cpus", tostring(fields.cpus), fields.cpus)
  tell("memory", units.format_size(fields.memory), fields.memory)
  tell("disks", indexed(fields.disks, disk_text))
  tell("nics", indexed(fields.nics, nic_text))
  tell("datastore", fields.datastore and fields.datastore.name)
  tell("pool", fields.pool and fields.pool.entry.path)
  tell("annotation", fields.annotation ~= "" and ("%q"):format(fields.annotation) or nil)
  for _, key in ipairs(sorted_keys(fields.extra_config)) do
    tell(("extra_config[%q]"):format(key), fields.extra_config[key])
  end
  if #fields.tags > 0 then changes:field { path = "tags", added = fields.tags } end
  tell("power", fields.power)
end

return diff
