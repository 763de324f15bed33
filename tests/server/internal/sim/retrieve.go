package sim

import (
	"github.com/google/uuid"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// retrieval is what is left of a RetrievePropertiesEx that did not fit into one answer.
type retrieval struct {
	objects []types.ObjectContent
	limit   int
}

// RetrievePropertiesEx implements the method of that name. It gives no more objects at once than
// the client and the server allow, and a token for the rest.
func (c *collector) RetrievePropertiesEx(ctx *simulator.Context, req *types.RetrievePropertiesEx) soap.HasFault {
	if req.Options.MaxObjects < 0 {
		return &methods.RetrievePropertiesExBody{Fault_: faultOf(&types.InvalidArgument{InvalidProperty: "options.maxObjects"})}
	}
	whole := *req
	whole.Options.MaxObjects = 0
	res := c.PropertyCollector.RetrievePropertiesEx(ctx, &whole)
	if body, ok := res.(*methods.RetrievePropertiesExBody); ok && body.Fault_ == nil {
		body.Res.Returnval = c.turn(retrieval{body.Res.Returnval.Objects, c.sim.pageLimit(int(req.Options.MaxObjects))})
	}
	return res
}

// ContinueRetrievePropertiesEx implements the method of that name.
func (c *collector) ContinueRetrievePropertiesEx(_ *simulator.Context, req *types.ContinueRetrievePropertiesEx) soap.HasFault {
	rest, fault := c.takeRetrieval(req.Token)
	if fault != nil {
		return &methods.ContinueRetrievePropertiesExBody{Fault_: fault}
	}
	return &methods.ContinueRetrievePropertiesExBody{
		Res: &types.ContinueRetrievePropertiesExResponse{Returnval: *c.turn(rest)},
	}
}

// CancelRetrievePropertiesEx implements the method of that name.
func (c *collector) CancelRetrievePropertiesEx(_ *simulator.Context, req *types.CancelRetrievePropertiesEx) soap.HasFault {
	if _, fault := c.takeRetrieval(req.Token); fault != nil {
		return &methods.CancelRetrievePropertiesExBody{Fault_: fault}
	}
	return &methods.CancelRetrievePropertiesExBody{Res: &types.CancelRetrievePropertiesExResponse{}}
}

// pageLimit returns how many objects an answer has at most, 0 for any number.
func (s *Simulator) pageLimit(asked int) int {
	if asked == 0 || s.PageSize > 0 && s.PageSize < asked {
		return s.PageSize
	}
	return asked
}

// turn returns the next answer, nil if there is nothing to tell, and keeps what does not fit into it.
func (c *collector) turn(r retrieval) *types.RetrieveResult {
	if len(r.objects) == 0 {
		return nil
	}
	if r.limit == 0 || len(r.objects) <= r.limit {
		return &types.RetrieveResult{Objects: r.objects}
	}
	token := uuid.NewString()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retrievals == nil {
		c.retrievals = map[string]retrieval{}
	}
	c.retrievals[token] = retrieval{r.objects[r.limit:], r.limit}
	return &types.RetrieveResult{Token: token, Objects: r.objects[:r.limit]}
}

// takeRetrieval returns what is left under a token, which then is used up.
func (c *collector) takeRetrieval(token string) (retrieval, *soap.Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rest, ok := c.retrievals[token]
	if !ok {
		return rest, faultOf(&types.InvalidProperty{Name: "token"})
	}
	delete(c.retrievals, token)
	return rest, nil
}
