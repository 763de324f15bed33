package sim

import (
	"cmp"

	"github.com/vmware/govmomi/vim25/types"
)

// mergedPolicy returns a port group's network policy with what it leaves open taken from
// its switch.
func mergedPolicy(base *types.HostNetworkPolicy, own types.HostNetworkPolicy) types.HostNetworkPolicy {
	var merged types.HostNetworkPolicy
	if base != nil {
		merged = *base
	}
	merged.Security = mergedSecurity(merged.Security, own.Security)
	merged.NicTeaming = mergedTeaming(merged.NicTeaming, own.NicTeaming)
	merged.ShapingPolicy = mergedShaping(merged.ShapingPolicy, own.ShapingPolicy)
	if own.OffloadPolicy != nil {
		merged.OffloadPolicy = own.OffloadPolicy
	}
	return merged
}

func mergedSecurity(base, own *types.HostNetworkSecurityPolicy) *types.HostNetworkSecurityPolicy {
	// What a switch that says nothing does: the reference gives these as defaults.
	merged := types.HostNetworkSecurityPolicy{
		AllowPromiscuous: types.NewBool(false),
		MacChanges:       types.NewBool(true),
		ForgedTransmits:  types.NewBool(true),
	}
	for _, p := range []*types.HostNetworkSecurityPolicy{base, own} {
		if p == nil {
			continue
		}
		overlay(&merged.AllowPromiscuous, p.AllowPromiscuous)
		overlay(&merged.MacChanges, p.MacChanges)
		overlay(&merged.ForgedTransmits, p.ForgedTransmits)
	}
	return &merged
}

func mergedTeaming(base, own *types.HostNicTeamingPolicy) *types.HostNicTeamingPolicy {
	if base == nil || own == nil {
		return either(base, own)
	}
	merged := *base
	merged.Policy = cmp.Or(own.Policy, base.Policy)
	overlay(&merged.ReversePolicy, own.ReversePolicy)
	overlay(&merged.NotifySwitches, own.NotifySwitches)
	overlay(&merged.RollingOrder, own.RollingOrder)
	overlay(&merged.FailureCriteria, own.FailureCriteria)
	overlay(&merged.NicOrder, own.NicOrder)
	return &merged
}

func mergedShaping(base, own *types.HostNetworkTrafficShapingPolicy) *types.HostNetworkTrafficShapingPolicy {
	if base == nil || own == nil {
		return either(base, own)
	}
	merged := *base
	overlay(&merged.Enabled, own.Enabled)
	merged.AverageBandwidth = cmp.Or(own.AverageBandwidth, base.AverageBandwidth)
	merged.PeakBandwidth = cmp.Or(own.PeakBandwidth, base.PeakBandwidth)
	merged.BurstSize = cmp.Or(own.BurstSize, base.BurstSize)
	return &merged
}

func overlay[T any](field **T, own *T) {
	if own != nil {
		*field = own
	}
}

func either[T any](base, own *T) *T {
	if own != nil {
		return own
	}
	return base
}
