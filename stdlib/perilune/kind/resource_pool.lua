--- A resource pool: looked up. Every cluster has one named "Resources"; `cluster("C").pool` is that one.
return {
  name = "resource_pool",
  doc = "A resource pool or vApp; a cluster's own is cluster(\"C\").pool.",
  types = { "ResourcePool", "VirtualApp" },
  attributes = {},
}
