std = "lua54"
max_line_length = 120
unused_args = false
cache = false
exclude_files = { "build" }

-- A playbook's words come from its environment, not from Lua's globals.
files["tests/bench"] = { allow_defined = false, ignore = { "113" } }
files["playbooks"] = { allow_defined = false, max_line_length = false, ignore = { "113" } }
