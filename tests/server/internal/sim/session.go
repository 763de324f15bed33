package sim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// sessionManager says in a vCenter's words that a login failed.
type sessionManager struct {
	*simulator.SessionManager
}

// Login implements the method of that name.
func (m *sessionManager) Login(ctx *simulator.Context, req *types.Login) soap.HasFault {
	res := m.SessionManager.Login(ctx, req)
	if fault := res.Fault(); fault != nil {
		said := *fault // the simulator uses one fault for all
		said.String = messages["InvalidLogin"]
		return &loginFault{&said}
	}
	return res
}

type loginFault struct{ reason *soap.Fault }

// Fault implements soap.HasFault.
func (f *loginFault) Fault() *soap.Fault { return f.reason }
