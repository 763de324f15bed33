"""The properties of all VMs, fetched with pyVmomi and dropped. For tests/bench/read_bench.sh.

usage: read.py HOST:PORT PROPERTY…"""

import ssl
import sys

from pyVim import connect
from pyVmomi import VmomiSupport, vim, vmodl

# The simulator leaves some states empty, which pyVmomi takes for members that their enums do not have.
setattr(VmomiSupport.Enum, "", "")

address, properties = sys.argv[1], sys.argv[2:]
host, port = address.rsplit(":", 1)
instance = connect.SmartConnect(
    host=host, port=int(port), user="demo", pwd="demo", sslContext=ssl._create_unverified_context()
)
content = instance.RetrieveContent()
view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
collector = vmodl.query.PropertyCollector
traversal = collector.TraversalSpec(name="v", path="view", skip=False, type=vim.view.ContainerView)
spec = collector.FilterSpec(
    objectSet=[collector.ObjectSpec(obj=view, skip=True, selectSet=[traversal])],
    propSet=[collector.PropertySpec(type=vim.VirtualMachine, pathSet=properties)],
)
result = content.propertyCollector.RetrievePropertiesEx([spec], collector.RetrieveOptions())
print(len(result.objects))
connect.Disconnect(instance)
