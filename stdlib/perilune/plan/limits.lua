--- How much a run does at once.
local limits = {}

--- Requests at once, unless --parallel says otherwise.
limits.CONNECTIONS = 16

--- Steps under way, unless --parallel says otherwise. More than connections: a step that waits for its vSphere task
--- holds none, and most of them would be idle.
limits.STEPS = 64

return limits
