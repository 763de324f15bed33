--- What the kinds may ask while a plan is made: other resources, and how the estate names things.
local identity = require "perilune.kind.vm.identity"
local names = require "perilune.util.names"
local step = require "perilune.kind.step"
local tagging = require "perilune.plan.tagging"

local context = {}

--- Managed types by the word a playbook has for them.
local WORDS = {
  VirtualMachine = "vm",
  HostSystem = "host",
  Folder = "folder",
  Datastore = "datastore",
  Network = "network",
  DistributedVirtualPortgroup = "network",
  OpaqueNetwork = "network",
  ResourcePool = "resource_pool",
  ClusterComputeResource = "cluster",
  Datacenter = "datacenter",
}

local function key(kind_name, name, category)
  return kind_name .. "\0" .. name .. "\0" .. (category or "")
end

local function index(nodes)
  local by_key, folders = {}, {}
  for _, node in ipairs(nodes) do
    local category = node.kind.name == "tag" and node.fields.category or nil
    by_key[key(node.kind.name, node.name, category)] = node
    if node.kind.name == "folder" then folders[names.canonical(node.fields.path)] = node end
  end
  return by_key, folders
end

local function add_places(made, folders)
  --- The declared or planned folder at a path.
  function made.folder_at(path)
    return folders[names.canonical(path)]
  end

  --- The object of a datacenter's own VM folder, for a VM that names no folder.
  function made.vm_folder(node)
    return identity.folder(node, made.estate).ref
  end

  --- The parent that all nodes share; nil when they have several.
  function made.common_parent(nodes)
    local parent = nodes[1] and nodes[1].entry.parent
    for _, node in ipairs(nodes) do
      if node.entry.parent ~= parent then return nil end
    end
    return parent
  end
end

--- The next host of a cluster in turn, for clusters that do not place VMs by themselves.
local function next_host(made, cluster)
  local hosts = made.estate:entries(cluster.props.host)
  made.turn = made.turn + 1
  return hosts[(made.turn - 1) % #hosts + 1].ref
end

local function add_hosts(made)
  made.turn = 0

  --- The host a new VM is made on: the declared one; without DRS the API wants one named
  --- (Folder.CreateVM_Task, parameter host); else none, and DRS chooses.
  function made.host_for(node)
    if node.fields.host then return node.fields.host.entry.ref end
    local owner = made.estate:entry(node.fields.pool.entry.props.owner)
    local has_drs = owner and owner.props["configuration.drsConfig.enabled"]
    if has_drs == false then return next_host(made, owner) end
  end
end

local function add_tags(made)
  --- The id of a category; a symbol when a step makes it.
  function made.category_id(name)
    local found = made.facts:category(name)
    return found and found.id or step.symbol(made.declared("tag_category", name).id)
  end

  function made.removes_tag(category, name)
    return made.removed[key("tag", name, category)] == true
  end

  function made.tags_problem(wanted)
    return tagging.problem(made, wanted)
  end

  function made.tag_ids(wanted)
    return tagging.ids(made, wanted)
  end

  function made.tag_changes(wanted, attached)
    return tagging.changes(made, wanted, attached)
  end

  function made.tag_users(category, name)
    return tagging.users(made, category, name)
  end
end

--- What a person calls an entry: vm "web-01".
function context.label(entry)
  return ('%s "%s"'):format(WORDS[entry.type] or entry.type, entry.name)
end

--- The context of one plan. Facts are filled in once they were read.
---@param nodes perilune.plan.Node[]
---@param owner string?
function context.new(estate, nodes, owner)
  local by_key, folders = index(nodes)
  local made = { estate = estate, owner = owner, claimed = {}, removed = {}, label = context.label }

  --- The resource of a kind and name that the playbook declares.
  function made.declared(kind_name, name, category)
    return by_key[key(kind_name, name, category)]
  end

  --- Whether the plan destroys an entry.
  function made.is_removed(entry)
    return made.removed[entry] == true
  end

  --- Notes that the plan destroys a node.
  function made.remove(node)
    if node.entry then made.removed[node.entry] = true end
    made.removed[key(node.kind.name, node.name, node.fields and node.fields.category)] = true
  end

  function made.sorted_keys(map)
    local keys = {}
    for name in pairs(map) do
      keys[#keys + 1] = name
    end
    table.sort(keys)
    return keys
  end

  add_places(made, folders)
  add_hosts(made)
  add_tags(made)
  return made
end

return context
