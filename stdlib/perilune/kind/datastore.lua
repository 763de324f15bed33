--- A datastore: looked up.
return {
  name = "datastore",
  doc = "A datastore.",
  types = { "Datastore" },
  attributes = {
    free = {
      doc = "free space in bytes, as of the plan's read",
      value = function(entry) return entry.props["summary.freeSpace"] end,
    },
    capacity = {
      doc = "its size in bytes",
      value = function(entry) return entry.props["summary.capacity"] end,
    },
  },
}
