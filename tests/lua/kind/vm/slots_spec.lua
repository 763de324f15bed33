local slots = require "perilune.kind.vm.slots"
local t = require "tests.support.spec"

t.test("counts from scsi0:0, leaves out the controller's unit and goes on with the next bus", function()
  t.equal(slots.at(1), "scsi0:0")
  t.equal(slots.at(7), "scsi0:6")
  t.equal(slots.at(8), "scsi0:8")
  t.equal(slots.at(15), "scsi0:15")
  t.equal(slots.at(16), "scsi1:0")
  t.equal(slots.at(60), "scsi3:15")
end)

t.test("has no slot past the sixtieth", function()
  t.is_nil(slots.at(61))
end)

t.test("reads what it writes, all sixty", function()
  for i = 1, 60 do
    local place = slots.parse(slots.at(i))
    t.equal(slots.name("scsi", place.bus, place.unit), slots.at(i))
  end
end)

t.test("refuses unit 7, a fifth bus and other words", function()
  t.match(slots.problem "scsi0:7", "controller's own")
  t.match(slots.problem "scsi4:0", "no slot")
  t.match(slots.problem "scsi0:16", "no slot")
  t.match(slots.problem "disk 1", "no slot")
  t.is_nil(slots.problem "scsi1:2")
end)
