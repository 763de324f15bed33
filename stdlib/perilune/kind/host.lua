--- An ESXi host: looked up, never created.
return {
  name = "host",
  doc = "An ESXi host.",
  types = { "HostSystem" },
  attributes = {
    pool = {
      kind = "resource_pool", doc = "the root resource pool of the host or of its cluster",
      value = function(entry, estate)
        return estate:entry(entry.parent and entry.parent.props.resourcePool)
      end,
    },
    datastores = {
      kind = "datastore", list = true, doc = "the datastores it sees, by name",
      value = function(entry, estate) return estate:entries(entry.props.datastore) end,
    },
  },
}
