--- Where commands put what they have to say: text for people, or JSON, one object a line.
local text_output = require "perilune.cmd.output.text"

local output = {}

---@class perilune.cmd.Output
---@field plan fun(self, plan: perilune.plan.Plan, options: { destroy: boolean?, refusals: table? })
---@field watch fun(self, plan: perilune.plan.Plan, run: string): perilune.cmd.Watcher
---@field applied fun(self, report: perilune.plan.ReportOptions)
---@field stopped fun(self, result: perilune.plan.Result, report: perilune.plan.ReportOptions)
---@field unsettled fun(self, changes: perilune.plan.Change[], report: perilune.plan.ReportOptions)
---@field valid fun(self, declaration: perilune.playbook.Declaration)
---@field values fun(self, outputs: perilune.plan.Output[])
---@field target fun(self, target: perilune.vim.Target)
---@field request fun(self, what: string, seconds: number, status: integer)
---@field waiting fun(self, e: perilune.Error, seconds: number)
---@field notice fun(self, message: string)
---@field stats fun(self, stats: table)
---@field error fun(self, e: any)
---@field ask fun(self, question: string): boolean|nil  nil: there is nobody to ask

---@class perilune.cmd.Watcher  shows a run while it goes on
---@field interval number  seconds between draws
---@field listen fun(self, event: table)
---@field draw fun(self)
---@field finish fun(self)

---@param options { json: boolean?, color: string?, verbose: integer? }
---@param command string
---@return perilune.cmd.Output
function output.new(options, command)
  if options.json then return require("perilune.cmd.output.json").new(command) end
  return text_output.new(options)
end

--- Text as always, and records to a file of their own.
---@param options { color: string?, verbose: integer? }
---@param command string
---@param records file*
---@return perilune.cmd.Output
function output.both(options, command, records)
  local json_output = require("perilune.cmd.output.json").new(command, records)
  return require("perilune.cmd.output.both").new(text_output.new(options), json_output)
end

return output
