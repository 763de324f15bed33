--- A datacenter: looked up, never created.
return {
  name = "datacenter",
  doc = "A datacenter of the inventory.",
  types = { "Datacenter" },
  attributes = {
    clusters = {
      kind = "cluster", list = true, doc = "its clusters, by name",
      value = function(entry, estate) return estate:below(entry, { "ClusterComputeResource" }) end,
    },
    hosts = {
      kind = "host", list = true, doc = "its hosts, by name",
      value = function(entry, estate) return estate:below(entry, { "HostSystem" }) end,
    },
    datastores = {
      kind = "datastore", list = true, doc = "its datastores, by name",
      value = function(entry, estate) return estate:below(entry, { "Datastore" }) end,
    },
    networks = {
      kind = "network", list = true, doc = "its networks and distributed port groups, by name",
      value = function(entry, estate)
        return estate:below(entry, { "Network", "DistributedVirtualPortgroup", "OpaqueNetwork" })
      end,
    },
  },
}
