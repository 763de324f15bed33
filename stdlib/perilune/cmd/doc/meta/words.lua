--- What is not made from a schema, as LuaCATS: connections, tasks, times, and the words of scripts and playbooks.
local words = {}

words["perilune.lua"] = [[
---@meta _

--- A managed object. Its methods are those of its type in the API.
---@class perilune.Object
---@field get fun(self: perilune.Object, ...: string): any ...

--- A moment, to the microsecond. Comparing and subtracting works; a difference is in seconds.
---@class perilune.Time
---@operator sub(perilune.Time): number
---@operator sub(number): perilune.Time
---@operator add(number): perilune.Time

--- A vSphere task that a method started.
---@class perilune.Task
---@field ref perilune.Object
---@field info table|nil
---@field await fun(self: perilune.Task, options?: { timeout: string|number }): table?, perilune.Error?
---@field status fun(self: perilune.Task): "queued"|"running"|"success"|"error"
---@field is_ended fun(self: perilune.Task): boolean
---@field cancel fun(self: perilune.Task)
---@field on_progress fun(self: perilune.Task, fn: fun(percent: integer)): perilune.Task
---@field on_success fun(self: perilune.Task, fn: fun(info: table)): perilune.Task
---@field on_failure fun(self: perilune.Task, fn: fun(e: perilune.Error)): perilune.Task

---@class perilune.Error
---@field code string
---@field message string
---@field where { file: string, line: integer }|nil
---@field path string|nil
---@field hint string|nil
---@field fault table|nil
---@field server string|nil
---@field cause perilune.Error|nil

---@class perilune.Row
---@field ref any  the object: annotate it with its class, as ---@type vim.VirtualMachine
---@field missing table<string, table>|nil
---@field [string] any

---@class perilune.Query
---@field type perilune.ManagedType
---@field name? string  or a glob
---@field where? table<string, any>  path → value, glob, or function(value)
---@field props? string[]
---@field root? perilune.Object
---@field objects? perilune.Object[]
---@field unchecked? boolean  property paths are not held against the schema

---@class perilune.Service
---@field name string
---@field api_version string
---@field root any
---@field content any

--- A connection to a vCenter or an ESXi host.
---@class perilune.Connection
---@field name string
---@field content vim.ServiceContent
---@field about vim.AboutInfo
---@field api_version string
---@field find fun(self: perilune.Connection, query: perilune.Query): any[]
---@field find_one fun(self: perilune.Connection, query: perilune.Query): any
---@field rows fun(self: perilune.Connection, query: perilune.Query): fun(): perilune.Row
---@field object fun(self: perilune.Connection, id: string, more?: string): any
---@field service fun(self: perilune.Connection, name: string): perilune.Service
---@field task fun(self: perilune.Connection, ref: perilune.Object|string): perilune.Task
---@field watch fun(self: perilune.Connection, options: table): any
---@field mob fun(self: perilune.Connection, url: string): any, any
---@field current_time fun(self: perilune.Connection): perilune.Time
---@field close fun(self: perilune.Connection)
]]

words["run.lua"] = [[
---@meta _

--- The vCenter or host that the command line or the environment names.
---@return perilune.Connection
function vcenter() end

--- fn(item) for each item of a list, n at a time; the results in order. The first error cancels the others.
---@generic T
---@param n integer
---@param list T[]
---@param fn fun(item: T, i: integer): any
---@return any[]
function parallel(n, list, fn) end

--- Runs functions, or waits for tasks, at once; the results in order.
---@param list any[]
---@return any[]
function all(list) end

--- The result of the function that ends first; the others are cancelled.
---@param list function[]
---@return any ...
function race(list) end

--- fn(), but no longer than so many seconds: then task.timeout is raised.
---@param seconds number|string
---@param fn function
---@return any ...
function timeout(seconds, fn) end

---@param seconds number
function sleep(seconds) end

--- Runs fn(…) beside what follows; the handle has join and cancel.
---@param fn function
---@param ... any
---@return { join: function, cancel: function }
function spawn(fn, ...) end

--- A value as text, with what is in it.
---@param value any
---@return string
function inspect(value) end

---@class perilune.json
---@field encode fun(value: any): string
---@field decode fun(text: string): any
---@field array fun(list: table): table
---@field null any
json = {}

---@class perilune.log
---@field info fun(message: string, fields?: table)
---@field warn fun(message: string, fields?: table)
log = {}
]]

words["playbook.lua"] = [[
---@meta _

--- What a word of a kind gives: it names a resource; with a table after it, it declares one.
---@class perilune.Handle
---@field name string
---@field [string] any

--- What every declared resource may say.
---@class perilune.Fields
--- what comes first, where no reference says so
---@field after? perilune.Handle[]
--- true: remove it
---@field absent? boolean
--- true: never destroy it
---@field protect? boolean
--- fields that are left to others
---@field ignore? string[]

--- Names the owner of what is declared, as "team/name".
---@param owner string
function playbook(owner) end

--- A variable that the command line may set.
---@param name string
---@param options { type?: string, default?: any, min?: number, max?: number, doc?: string, [string]: any }
---@return any
function var(name, options) end

--- Values of fields that resources do not give.
---@param fields table<string, any>
function defaults(fields) end

--- What is declared in fn is shown together.
---@param name string
---@param fn function
function transaction(name, fn) end

--- A list made from another one.
---@param list any
---@param what table|fun(element: any, i: integer): any
---@return any[]
function each(list, what) end

--- A value to tell when all is done.
---@param name string
---@param value any
function output(name, value) end
]]

return words
