--- The kinds: every word with which a playbook can name a resource or look one up.
---
--- A kind is one file. What it may have, and who asks for it:
---
---   name, doc        its word and one sentence                                        (playbook, doc)
---   fields           schema.record of its body; none: it is only looked up            (playbook, doc)
---   attributes       what a handle yields when indexed: { kind, list, doc, value }    (playbook, plan)
---   types            managed types a lookup of it may find                            (plan)
---   alias(fields)    another name that means it, as a folder's path                   (playbook)
---   scope(fields)    what besides the name tells two resources of the kind apart      (playbook)
---   expand(node, nodes)         resources that come with one, as a folder's parents   (plan)
---   place(node, context)        where it is, as the plan says it: "in /DC0/vm/web"        (plan)
---   identify(node, estate)      its entry in the inventory, or nil                    (plan)
---   implied(node, nodes)        resources it needs without naming them by a handle    (plan)
---   needs(node, reads)          the properties and tags it compares                   (plan)
---   actual(node, facts)         its present state, in the words of its fields         (plan)
---   exists(node)                whether it is there, where the entry alone does not tell  (plan)
---   describe(node, change, context)  the fields to show of one that will be made           (plan)
---   diff(node, changes)         the fields that differ                                (plan)
---   steps(node, change, steps)  the calls that make it so                             (plan)
---   holds(node, facts)          what keeps it from being destroyed, as labels         (plan)
---   remove(node, change, steps) the calls that destroy it                             (plan)
---
--- A node is a resource or lookup inside one plan: { kind, name, fields, given, entry, actual, … }.
--- None of these functions waits: what they need was read for all resources at once.
local names = {
  "cluster", "datacenter", "datastore", "folder", "host", "network", "portgroup", "resource_pool", "tag",
  "tag_category", "vm",
}

local kinds = {}
for _, name in ipairs(names) do
  kinds[name] = require("perilune.kind." .. name)
end

return kinds
