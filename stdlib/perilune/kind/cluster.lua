--- A cluster of hosts: looked up, never created.
return {
  name = "cluster",
  doc = "A cluster of hosts.",
  types = { "ClusterComputeResource" },
  attributes = {
    hosts = {
      kind = "host", list = true, doc = "its hosts, by name",
      value = function(entry, estate) return estate:entries(entry.props.host) end,
    },
    pool = {
      kind = "resource_pool", doc = "its root resource pool",
      value = function(entry, estate) return estate:entry(entry.props.resourcePool) end,
    },
    datastores = {
      kind = "datastore", list = true, doc = "the datastores its hosts see, by name",
      value = function(entry, estate) return estate:entries(entry.props.datastore) end,
    },
    networks = {
      kind = "network", list = true, doc = "the networks its hosts see, by name",
      value = function(entry, estate) return estate:entries(entry.props.network) end,
    },
  },
}
