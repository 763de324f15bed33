--- Field types. One schema checks a playbook's values and gives documentation and editor classes.
---
---     fields = schema.record {
---       vlan = schema.integer(0, 4095):default(0):doc "VLAN id; 0 is untagged",
---     }
---     local checked = fields:check({ vlan = 120 }, "", function(mistake) … end)
---
--- What a type can do is in type.lua; handles and deferred values, which references hold, are in
--- handle.lua and deferred.lua.
local compound = require "perilune.schema.compound"
local ref = require "perilune.schema.ref"
local scalar = require "perilune.schema.scalar"

return {
  string = scalar.string,
  boolean = scalar.boolean,
  integer = scalar.integer,
  number = scalar.number,
  size = scalar.size,
  duration = scalar.duration,
  enum = scalar.enum,
  list = compound.list,
  map = compound.map,
  record = compound.record,
  any = compound.any,
  ref = ref,
  default_of = compound.default_of,
}
