--- Requests: exact bytes, and what is refused before they exist. Answers: values, rows, faults.
local object = require "perilune.c.object"
local schema = require "perilune.c.schema"
local soap = require "perilune.c.soap"
local t = require "tests.support.spec"
local time = require "perilune.c.time"

local space = object.space()
local vm = space:object("VirtualMachine", "vm-1")
local folder = space:object("Folder", "group-v3")

local XSI = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

--- What stands in the call's element, after _this.
local function content(call)
  local body = soap.request(call)
  return body:match "<_this[^>]*>[^<]*</_this>(.*)</[%w_]+></soapenv:Body>"
end

local function reconfigure(spec, version)
  return content { method = "ReconfigVM_Task", this = vm, args = { spec = spec }, version = version }
end

--- The error of a spec that must be refused.
local function refused(spec, code, path, version)
  local e = t.raises(function() reconfigure(spec, version) end, code)
  t.equal(e.path, path)
  return e
end

local function set_option(value)
  return reconfigure { extraConfig = { { key = "k", value = value } } }
end

-- Requests --------------------------------------------------------------------------------------------------

t.test("a request is an envelope with header, method and object", function()
  t.equal(soap.request {
    method = "PowerOnVM_Task", this = vm, header = { operationID = "run-1", vcSessionCookie = "a&b" },
  }, '<?xml version="1.0" encoding="UTF-8"?>\n'
    .. '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    .. ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"' .. XSI .. ">"
    .. "<soapenv:Header><vcSessionCookie>a&amp;b</vcSessionCookie><operationID>run-1</operationID>"
    .. "</soapenv:Header>"
    .. '<soapenv:Body><PowerOnVM_Task xmlns="urn:vim25"><_this type="VirtualMachine">vm-1</_this>'
    .. "</PowerOnVM_Task></soapenv:Body></soapenv:Envelope>\n")
end)

t.test("fields stand in the schema's order, bases first, types told where they differ", function()
  t.equal(reconfigure {
    deviceChange = { {
      device = {
        _typeName = "VirtualDisk", capacityInKB = 1024, unitNumber = 0, controllerKey = -1, key = -2,
        backing = { _typeName = "VirtualDiskFlatVer2BackingInfo", diskMode = "persistent", fileName = "" },
      },
      fileOperation = "create", operation = "add",
    } },
    numCPUs = 2, name = "<a&b>",
  }, "<spec><name>&lt;a&amp;b&gt;</name><numCPUs>2</numCPUs>"
    .. "<deviceChange><operation>add</operation><fileOperation>create</fileOperation>"
    .. '<device xsi:type="VirtualDisk"><key>-2</key>'
    .. '<backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName></fileName><diskMode>'
    .. 'persistent</diskMode></backing>'
    .. "<controllerKey>-1</controllerKey><unitNumber>0</unitNumber><capacityInKB>1024</capacityInKB></device>"
    .. "</deviceChange></spec>")
end)

t.test("a new VM's controller, disk and network card are told apart", function()
  local function add(device, file)
    return { operation = "add", fileOperation = file, device = device }
  end
  local config = {
    name = "web", guestId = "debian12_64Guest", memoryMB = 4096, files = { vmPathName = "[ds]" },
    deviceChange = {
      add { _typeName = "ParaVirtualSCSIController", key = -1, busNumber = 0, sharedBus = "noSharing" },
      add({
        _typeName = "VirtualDisk", key = -2, controllerKey = -1, unitNumber = 0, capacityInKB = 1024,
        backing = {
          _typeName = "VirtualDiskFlatVer2BackingInfo", fileName = "[ds]", diskMode = "persistent",
          thinProvisioned = true,
        },
      }, "create"),
      add {
        _typeName = "VirtualVmxnet3", key = -3,
        backing = { _typeName = "VirtualEthernetCardNetworkBackingInfo", deviceName = "VM Network" },
        connectable = { startConnected = true, allowGuestControl = true, connected = false },
      },
    },
  }
  t.equal(content {
    method = "CreateVM_Task", this = folder,
    args = { config = config, pool = space:object("ResourcePool", "resgroup-1") },
  }, "<config><name>web</name><guestId>debian12_64Guest</guestId>"
    .. "<files><vmPathName>[ds]</vmPathName></files><memoryMB>4096</memoryMB>"
    .. '<deviceChange><operation>add</operation><device xsi:type="ParaVirtualSCSIController"><key>-1</key>'
    .. "<busNumber>0</busNumber><sharedBus>noSharing</sharedBus></device></deviceChange>"
    .. "<deviceChange><operation>add</operation><fileOperation>create</fileOperation>"
    .. '<device xsi:type="VirtualDisk"><key>-2</key><backing xsi:type="VirtualDiskFlatVer2BackingInfo">'
    .. "<fileName>[ds]</fileName><diskMode>persistent</diskMode><thinProvisioned>true</thinProvisioned>"
    .. "</backing><controllerKey>-1</controllerKey><unitNumber>0</unitNumber>"
    .. "<capacityInKB>1024</capacityInKB></device></deviceChange>"
    .. '<deviceChange><operation>add</operation><device xsi:type="VirtualVmxnet3"><key>-3</key>'
    .. '<backing xsi:type="VirtualEthernetCardNetworkBackingInfo"><deviceName>VM Network</deviceName>'
    .. "</backing><connectable><startConnected>true</startConnected>"
    .. "<allowGuestControl>true</allowGuestControl><connected>false</connected></connectable></device>"
    .. '</deviceChange></config><pool type="ResourcePool">resgroup-1</pool>')
end)

t.test("a type that is the declared one is not told", function()
  t.equal(reconfigure { files = { _typeName = "VirtualMachineFileInfo", vmPathName = "[ds]" } },
    "<spec><files><vmPathName>[ds]</vmPathName></files></spec>")
end)

t.test("false is sent, an empty list is not", function()
  t.equal(reconfigure { cpuHotAddEnabled = false, extraConfig = {} },
    "<spec><cpuHotAddEnabled>false</cpuHotAddEnabled></spec>")
end)

t.test("arguments stand in the method's order, objects tell their types", function()
  t.equal(content {
    method = schema.method("Folder", "CreateVM_Task"), this = folder,
    args = { pool = space:object("VirtualApp", "resgroup-v1"), config = {} },
  }, '<config></config><pool type="VirtualApp">resgroup-v1</pool>')
end)

t.test("anyType tells the type of each value", function()
  local function value(of) return set_option(of):match "<value (.*)</value>" end
  t.equal(value "a", 'xsi:type="xsd:string">a')
  t.equal(value(true), 'xsi:type="xsd:boolean">true')
  t.equal(value(5), 'xsi:type="xsd:int">5')
  t.equal(value(1 << 31), 'xsi:type="xsd:long">2147483648')
  t.equal(value(0.1), 'xsi:type="xsd:double">0.1')
  t.equal(value(time.parse "2024-01-01T00:00:00Z"), 'xsi:type="xsd:dateTime">2024-01-01T00:00:00Z')
  t.equal(value(vm), 'xsi:type="ManagedObjectReference" type="VirtualMachine">vm-1')
  t.equal(value { _typeName = "long", value = 5 }, 'xsi:type="xsd:long">5')
  t.equal(value { _typeName = "base64Binary", value = "\0\1" }, 'xsi:type="xsd:base64Binary">AAE=')
  t.equal(value { _typeName = "ManagedEntityStatus", value = "red" }, 'xsi:type="ManagedEntityStatus">red')
  t.equal(value { _typeName = "ArrayOfInt", 1, 2 }, 'xsi:type="ArrayOfInt"><int>1</int><int>2</int>')
  t.equal(value { _typeName = "ArrayOfString" }, 'xsi:type="ArrayOfString">')
  t.equal(value { _typeName = "SharesInfo", shares = 1, level = "low" },
    'xsi:type="SharesInfo"><shares>1</shares><level>low</level>')
  t.equal(value { _typeName = "ArrayOfManagedObjectReference", vm },
    'xsi:type="ArrayOfManagedObjectReference"><ManagedObjectReference type="VirtualMachine">'
      .. 'vm-1</ManagedObjectReference>')
end)

local CDROM = { device = { _typeName = "VirtualCdrom", key = -1 } }

t.test("an unknown field is refused by its path, with the nearest name", function()
  local e = refused({ deviceChange = { CDROM, { device = { _typeName = "VirtualDisk", kee = 1 } } } },
    "soap.field", "spec.deviceChange[2].device.kee")
  t.match(e.message, "VirtualDisk")
  t.match(e.hint, '"key"')
  e = t.raises(function() content { method = "ReconfigVM_Task", this = vm, args = { spek = {} } } end,
    "soap.field")
  t.equal({ e.path, e.hint }, { "spek", 'did you mean "spec"?' })
end)

t.test("a field that only an extending type has names that type", function()
  local device = { _typeName = "VirtualDevice", key = 1, capacityInKB = 1 }
  local e = refused({ deviceChange = { { device = device } } }, "soap.field",
    "spec.deviceChange[1].device.capacityInKB")
  t.match(e.hint, '_typeName = "VirtualDisk"')
end)

t.test("a missing required field or argument is refused", function()
  refused({ deviceChange = { { device = { _typeName = "VirtualDisk", key = 1 } } } },
    "soap.required", "spec.deviceChange[1].device.capacityInKB")
  local e = t.raises(function() content { method = "ReconfigVM_Task", this = vm } end, "soap.required")
  t.equal(e.path, "spec")
  local filter = { propSet = {}, objectSet = { { obj = vm } } }
  e = t.raises(function()
    content {
      method = "CreateFilter", this = space:object("PropertyCollector", "pc"),
      args = { spec = filter, partialUpdates = false },
    }
  end, "soap.required")
  t.equal(e.path, "spec.propSet")
end)

t.test("a value of another type is refused, saying what is expected", function()
  t.match(refused({ name = 5 }, "soap.type", "spec.name").message, "string is expected here, not an integer")
  t.match(refused({ numCPUs = 2.0 }, "soap.type", "spec.numCPUs").hint, "//")
  t.match(refused({ numCPUs = "2" }, "soap.type", "spec.numCPUs").message,
    "int is expected here, not a string")
  refused({ cpuHotAddEnabled = 1 }, "soap.type", "spec.cpuHotAddEnabled")
  refused({ files = "[ds]" }, "soap.type", "spec.files")
  refused({ files = { "[ds]" } }, "soap.type", "spec.files")
  refused({ deviceChange = "x" }, "soap.type", "spec.deviceChange")
  t.match(refused({ deviceChange = { operation = "add" } }, "soap.type", "spec.deviceChange").hint, "braces")
  refused({ createDate = "2024-01-01T00:00:00Z" }, "soap.type", "spec.createDate")
  refused({ name = print }, "soap.type", "spec.name")
end)

t.test("a type is refused that the API lacks, or that does not fit", function()
  local function device(type_name) return { deviceChange = { { device = { _typeName = type_name } } } } end
  local path = "spec.deviceChange[1].device"
  t.match(refused(device "VirtualDisc", "soap.type", path).hint, '"VirtualDisk"')
  t.match(refused(device "OptionValue", "soap.type", path).message,
    "VirtualDevice is expected here, not OptionValue")
  local e = t.raises(function() set_option { 1 } end, "soap.type")
  t.equal(e.path, "spec.extraConfig[1].value")
  t.match(e.hint, "_typeName")
end)

t.test("an object of another type is refused", function()
  local e = t.raises(function()
    content { method = "CreateVM_Task", this = folder, args = { config = {}, pool = vm } }
  end, "soap.type")
  t.equal({ e.path, e.message }, { "pool", "ResourcePool is expected here, not VirtualMachine" })
end)

t.test("ranges, enum members and texts are checked", function()
  refused({ numCPUs = 1 << 31 }, "soap.range", "spec.numCPUs")
  refused({ npivDesiredNodeWwns = 32768 }, "soap.range", "spec.npivDesiredNodeWwns")
  local e = refused({ deviceChange = { { operation = "ad" } } }, "soap.range",
    "spec.deviceChange[1].operation")
  t.match(e.hint, '"add"')
  for _, bad in ipairs { "\0", "\27", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82" } do
    refused({ name = bad }, "soap.range", "spec.name")
  end
  t.match(reconfigure { name = "\u{1F600} \t\r" }, "\u{1F600} \t&#13;")
end)

t.test("what is newer than the server is refused, naming both versions", function()
  local e = refused({ rebootPowerOff = true }, "soap.field", "spec.rebootPowerOff", "7.0.0.0")
  t.match(e.message, "8.0.0.1")
  t.match(e.message, "7.0.0.0")
  t.match(reconfigure({ rebootPowerOff = true }, "8.0.0.1"), "rebootPowerOff")
  t.match(reconfigure({ rebootPowerOff = true }), "rebootPowerOff")
  t.raises(function()
    content {
      method = "CreateSnapshotEx_Task", this = vm, version = "6.0",
      args = { name = "a", memory = false },
    }
  end, "soap.method")
end)

t.test("a method is refused that the API or the object lacks", function()
  local e = t.raises(function() content { method = "PowerOnVM_Tsk", this = vm } end, "soap.method")
  t.match(e.hint, "PowerOnVM_Task")
  t.raises(function() content { method = "PowerOnVM_Task", this = folder } end, "soap.method")
end)

t.test("a value that contains itself is refused", function()
  local entry = { _typeName = "ArrayOfAnyType" }
  entry[1] = entry
  t.raises(function() set_option(entry) end, "limit")
end)

-- Answers ---------------------------------------------------------------------------------------------------

local function envelope(body)
  return '<?xml version="1.0" encoding="UTF-8"?>'
    .. '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
    .. "<S:Body>" .. body .. "</S:Body></S:Envelope>"
end

--- Decodes bytes in chunks of a size; rows and what finish says.
local function decode(bytes, size, rows)
  local d, found = soap.decoder { space = space, rows = rows }, {}
  size = size or #bytes + 1
  for at = 1, #bytes, size do
    d:feed(bytes:sub(at, at + size - 1))
    for row in d.row, d do found[#found + 1] = row end
  end
  local kind, value = d:finish()
  return kind, value, found
end

local function result(method, returned)
  local response = "<%sResponse xmlns='urn:vim25'>%s</%sResponse>"
  local kind, value = decode(envelope(response:format(method, returned, method)))
  t.equal(kind, "result")
  return value
end

t.test("a result has the type that the method declares", function()
  t.equal(result("Logout", ""), nil)
  t.equal(tostring(result("CurrentTime", "<returnval>2024-01-01T00:00:00.5Z</returnval>")),
    "2024-01-01T00:00:00.500000Z")
  local task = result("PowerOnVM_Task", '<returnval type="Task">task-1</returnval>')
  t.is_true(task == space:object("Task", "task-1"))
  t.equal(result("HasPrivilegeOnEntity", "<returnval>true</returnval><returnval>0</returnval>"),
    { true, false })
  t.equal(result("FindAllByUuid", ""), {})
end)

t.test("values have the types that the schema or xsi:type declares, whatever the prefix", function()
  local info = result("RetrieveProperties", '<returnval><obj type="VirtualMachine">vm-1</obj>'
    .. '<propSet><name>a</name><val xmlns:q="http://www.w3.org/2001/XMLSchema-instance" q:type="VirtualDisk">'
    .. "<key>2000</key><capacityInKB>5</capacityInKB></val></propSet>"
    .. "<propSet><name>b</name><val" .. XSI .. ' xsi:type="xsd:double">1e3</val></propSet>'
    .. "<propSet><name>c</name></propSet></returnval>")
  t.equal(info, { {
    obj = vm,
    propSet = {
      { name = "a", val = { _typeName = "VirtualDisk", key = 2000, capacityInKB = 5 } },
      { name = "b", val = 1000.0 },
      { name = "c" },
    },
  } })
end)

t.test("arrays in anyType are lists that tell their type", function()
  local function val(text)
    return result("RetrieveProperties", "<returnval" .. XSI .. '><obj type="Folder">f</obj>'
      .. "<propSet><name>a</name><val " .. text .. "</val></propSet></returnval>")[1].propSet[1].val
  end
  t.equal(val 'xsi:type="ArrayOfString"><string>a</string><string></string>',
    { _typeName = "ArrayOfString", "a", "" })
  t.equal(val 'xsi:type="ArrayOfInt">', { _typeName = "ArrayOfInt" })
  t.equal(val('xsi:type="ArrayOfManagedObjectReference">'
    .. '<ManagedObjectReference type="VirtualMachine">vm-1</ManagedObjectReference>'),
    { _typeName = "ArrayOfManagedObjectReference", vm })
  t.equal(val('xsi:type="ArrayOfVirtualDevice">'
    .. '<VirtualDevice xsi:type="VirtualCdrom"><key>1</key></VirtualDevice>'),
    { _typeName = "ArrayOfVirtualDevice", { _typeName = "VirtualCdrom", key = 1 } })
  t.equal(val 'xsi:type="ArrayOfByte"><byte>-1</byte>', { _typeName = "ArrayOfByte", -1 })
  t.equal(val 'xsi:type="xsd:base64Binary">AAE=', "\0\1")
end)

t.test("what the schema lacks is kept", function()
  local value = result("RetrieveProperties", "<returnval" .. XSI .. '><obj type="Gadget">g-1</obj><since>'
    .. '9.9</since>'
    .. "<more><x>1</x></more><more><x>2</x></more><twice>a</twice><twice>b</twice><dynamicType>"
    .. "x</dynamicType>"
    .. '<propSet><name>n</name><val xsi:type="Gizmo"><spin>up</spin></val></propSet></returnval>')[1]
  t.equal(value, {
    obj = space:object("Gadget", "g-1"), since = "9.9", more = { { x = "1" }, { x = "2" } },
      twice = { "a", "b" },
    propSet = { { name = "n", val = { _typeName = "Gizmo", spin = "up" } } },
  })
  t.equal(result("NewMethod", "<returnval><a>1</a></returnval>"), { a = "1" })
end)

t.test("an unknown type in a field of a known one keeps the known fields' types", function()
  local value = result("QueryOptions", "<returnval" .. XSI .. ' xsi:type="NewOption"><key>k</key>'
    .. '<value xsi:type="xsd:int">1</value>'
    .. "<extra>e</extra></returnval>")
  t.equal(value, { { _typeName = "NewOption", key = "k", value = 1, extra = "e" } })
end)

local FAULT = envelope("<S:Fault><faultcode>ServerFaultCode</faultcode><faultstring>"
  .. "not &lt;now&gt;</faultstring><detail>"
  .. '<InvalidPowerStateFault xmlns="urn:vim25"' .. XSI .. ' xsi:type="%s"><requestedState>'
  .. 'poweredOn</requestedState>'
  .. "</InvalidPowerStateFault></detail></S:Fault>")

t.test("a fault has the server's words and a typed detail", function()
  for _, name in ipairs { "InvalidPowerState", "InvalidPowerStateFault" } do
    local kind, fault = decode(FAULT:format(name))
    t.equal({ kind, fault }, { "fault", {
      message = "not <now>", fault = { _typeName = "InvalidPowerState", requestedState = "poweredOn" },
    } })
  end
  local kind, fault = decode((FAULT:gsub(' xsi:type="%%s"', "")))
  t.equal({ kind, fault.fault._typeName }, { "fault", "InvalidPowerState" })
  kind, fault = decode(envelope "<S:Fault><faultstring>no detail</faultstring></S:Fault>")
  t.equal({ kind, fault }, { "fault", { message = "no detail" } })
end)

local function retrieved(returned)
  return envelope("<RetrievePropertiesExResponse xmlns='urn:vim25'><returnval" .. XSI .. ">" .. returned
    .. "</returnval></RetrievePropertiesExResponse>")
end

local ROWS = retrieved('<token>7</token><objects><obj type="VirtualMachine">vm-1</obj>'
  .. '<propSet><name>name</name><val xsi:type="xsd:string">a &amp; &#252;</val></propSet>'
  .. '<propSet><name>config.hardware.device</name><val xsi:type="ArrayOfVirtualDevice">'
  .. '<VirtualDevice xsi:type="VirtualCdrom"><key>3000</key></VirtualDevice></val></propSet>'
  .. "<propSet><name>guest.ipAddress</name></propSet>"
  .. '<missingSet><path>layout</path><fault><fault xsi:type="NoPermission"><privilegeId>'
  .. 'System.Read</privilegeId></fault>'
  .. "<localizedMessage>no</localizedMessage></fault></missingSet>"
  .. '<missingSet><path>guest</path><fault><fault xsi:type="NotAuthenticated"/></fault></missingSet>'
  .. '</objects><objects><obj type="VirtualMachine">vm-2</obj></objects>')

local FOUND = {
  {
    ref = vm, name = "a & ü",
    ["config.hardware.device"] = { _typeName = "ArrayOfVirtualDevice", { _typeName = "VirtualCdrom",
      key = 3000 } },
    missing = {
      layout = { fault = { _typeName = "NoPermission", privilegeId = "System.Read" },
        localizedMessage = "no" },
      guest = { fault = { _typeName = "NotAuthenticated" } },
    },
  },
  { ref = space:object("VirtualMachine", "vm-2") },
}

t.test("rows come one by one, and the token at the end", function()
  local kind, value, rows = decode(ROWS, nil, true)
  t.equal({ kind, value, rows }, { "result", { token = "7" }, FOUND })
end)

t.test("a row is handed over while the next is still to come", function()
  local d = soap.decoder { space = space, rows = true }
  local cut = ROWS:find("</objects>", 1, true) + #"</objects>"
  d:feed(ROWS:sub(1, cut - 1))
  t.equal(d:row(), FOUND[1])
  t.is_nil(d:row())
  d:feed(ROWS:sub(cut))
  t.equal(d:row(), FOUND[2])
end)

t.test("a field that came before the rows is known before they have all come", function()
  local d = soap.decoder { space = space, rows = true }
  t.is_nil(d:seen "token")
  local cut = ROWS:find("</objects>", 1, true) + #"</objects>"
  d:feed(ROWS:sub(1, cut - 1))
  t.is_nil(d:seen "token")
  d:row()
  t.equal({ d:seen "token", d:seen "nonesuch" }, { "7" })
  t.raises(function() d:seen() end)
end)

t.test("rows must be read before more is fed", function()
  local d = soap.decoder { space = space, rows = true }
  d:feed(ROWS:sub(1, 10))
  t.raises(function() d:feed(ROWS:sub(11)) end)
  t.raises(function() d:finish() end)
end)

t.test("chunks may end at any byte", function()
  for size = 1, 60 do
    local kind, value, rows = decode(ROWS, size, true)
    t.equal({ kind, value, rows }, { "result", { token = "7" }, FOUND })
    t.equal({ decode(FAULT:format "InvalidPowerState", size) }, { decode(FAULT:format "InvalidPowerState") })
  end
end)

t.test("nothing matched is a result without rows", function()
  t.equal({ decode(retrieved "", nil, true) }, { "result", {}, {} })
  t.equal({ decode(envelope "<RetrievePropertiesExResponse xmlns='urn:vim25'/>", nil, true) },
    { "result", nil, {} })
end)

t.test("what is no answer is refused, saying why", function()
  local function refuse(bytes, words)
    local e = t.raises(function() decode(bytes) end, "soap.xml")
    t.match(e.message, words)
    return e
  end
  t.match(refuse("<html><body>hello</body></html>", "<html>").hint, "/sdk")
  t.match(refuse(ROWS:sub(1, -30), "ends in the middle").hint, "cut")
  refuse("", "empty")
  refuse("hello", "not XML")
  refuse(envelope "", "nothing in its body")
  refuse("<!DOCTYPE x [<!ENTITY a 'b'>]>" .. ROWS, "DOCTYPE")
  refuse(envelope "<a>&b;</a>", "a reference")
  refuse(envelope "<a>\xff</a>", "UTF-8")
  refuse(envelope "<a>\0</a>", "")
  refuse(envelope "<a></b>", "end tag of another")
  refuse(envelope "<CurrentTimeResponse><returnval>noon</returnval></CurrentTimeResponse>", "dateTime")
  refuse(envelope "<LoginResponse><returnval/><returnval/></LoginResponse>", "several")
end)

t.test("depth, tags and names of an answer have ceilings", function()
  t.raises(function() decode(envelope(("<a>"):rep(300) .. ("</a>"):rep(300))) end, "limit")
  t.raises(function() decode(envelope("<a " .. ("b"):rep(100000))) end, "limit")
  local names, types = {}, {}
  for i = 1, 200000 do
    names[i] = ("<name%020d/>"):format(i)
    types[i] = ("<a i:type='name%020d'/>"):format(i)
  end
  t.raises(function() result("Newer", "<returnval>" .. table.concat(names) .. "</returnval>") end, "limit")
  local body = '<returnval xmlns:i="http://www.w3.org/2001/XMLSchema-instance">' .. table.concat(types)
  t.raises(function() result("Newer", body .. "</returnval>") end, "limit")
  t.equal(result("Newer", "<returnval><a>1</a></returnval>"), { a = "1" })
end)

t.test("a decoder that failed stays over", function()
  local d = soap.decoder { space = space }
  t.raises(function() d:feed "<html>" d:finish() end, "soap.xml")
  t.raises(function() d:feed "more" end)
end)

t.test("writes what is of another service into its namespace, and names its types with a prefix", function()
  local body = soap.request {
    method = "PbmUpdate", this = space:object("PbmProfileProfileManager", "p"), version = "8.0.3.0",
    args = { profileId = { uniqueId = "u" }, updateSpec = { constraints = {
      _typeName = "PbmCapabilitySubProfileConstraints",
      subProfiles = { { name = "s", capability = { {
        id = { namespace = "n", id = "i" },
        constraint = { { propertyInstance = { { id = "k", value = {
          _typeName = "KeyAnyValue", key = "a", value = { _typeName = "PbmCapabilityRange", min = 1, max = 2 },
        } } } } },
      } } } },
    } } },
  }
  t.match(body, '<PbmUpdate xmlns="urn:pbm" xmlns:pbm="urn:pbm" xmlns:vim25="urn:vim25"><_this type=')
  t.match(body, '<constraints xsi:type="PbmCapabilitySubProfileConstraints"><subProfiles><name>s</name>')
  t.match(body, '<value xsi:type="vim25:KeyAnyValue"><key xmlns="urn:vim25">a</key>'
    .. '<value xmlns="urn:vim25" xsi:type="pbm:PbmCapabilityRange"><min xmlns="urn:pbm" xsi:type="xsd:int">1</min>')
end)

t.test("does not take a type of one service in a call of another", function()
  local e = t.raises(function()
    soap.request {
      method = "UpdateOptions", this = space:object("OptionManager", "o"),
      args = { changedValue = { { key = "k", value = { _typeName = "PbmCapabilityRange", min = 1, max = 2 } } } },
    }
  end, "soap.type")
  t.match(e.hint, "the service pbm has")
end)
