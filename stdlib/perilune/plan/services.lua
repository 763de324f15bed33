--- Operations of steps that are no single API method: tags over REST, and shutting a guest down.
local tags = require "perilune.vim.tags"
local power = require "perilune.vim.power"

local services = { tags = {}, power = {} }

function services.tags.create_category(vc, args)
  return tags.create_category(vc, args)
end

function services.tags.update_category(vc, args)
  return tags.update_category(vc, args)
end

function services.tags.delete_category(vc, args)
  return tags.delete_category(vc, args.id)
end

function services.tags.create_tag(vc, args)
  return tags.create_tag(vc, args)
end

function services.tags.update_tag(vc, args)
  return tags.update_tag(vc, args)
end

function services.tags.delete_tag(vc, args)
  return tags.delete_tag(vc, args.id)
end

function services.tags.attach(vc, args)
  return tags.attach(vc, args.object, args.tag_ids)
end

function services.tags.detach(vc, args)
  return tags.detach(vc, args.object, args.tag_ids)
end

function services.power.shut_down(_, args, report)
  return power.shut_down(args.vm, args.seconds, report)
end

return services
