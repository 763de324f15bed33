// read: the properties of all VMs, fetched and decoded with govmomi and dropped. For tests/bench/read_bench.sh.
//
// usage: read URL PROPERTY…   the URL has the user and the password; prints how many VMs there are
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/mo"
)

func run(ctx context.Context, address string, properties []string) (int, error) {
	u, err := url.Parse(address)
	if err != nil {
		return 0, err
	}
	client, err := govmomi.NewClient(ctx, u, true)
	if err != nil {
		return 0, err
	}
	defer client.Logout(ctx)
	v, err := view.NewManager(client.Client).CreateContainerView(
		ctx, client.ServiceContent.RootFolder, []string{"VirtualMachine"}, true)
	if err != nil {
		return 0, err
	}
	var vms []mo.VirtualMachine
	if err := v.Retrieve(ctx, []string{"VirtualMachine"}, properties, &vms); err != nil {
		return 0, err
	}
	return len(vms), nil
}

func main() {
	count, err := run(context.Background(), os.Args[1], os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(count)
}
