--- A network of any make: looked up.
return {
  name = "network",
  doc = "A network that exists: a standard or distributed port group, or one of NSX.",
  types = { "Network", "DistributedVirtualPortgroup", "OpaqueNetwork" },
  attributes = {},
}
