package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"perilune/tests/server/internal/schema/source"
)

// comparison collects the differences, a line each.
type comparison struct {
	ours   schema
	theirs *source.API
	lines  []string
}

func (c *comparison) differ(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

// differences returns all differences, sorted.
func differences(ours schema, theirs *source.API) []string {
	c := &comparison{ours: ours, theirs: theirs}
	c.compareTypes()
	c.compareEnums()
	c.compareMethods()
	c.compareManaged()
	slices.Sort(c.lines)
	return slices.Compact(c.lines)
}

// isCall says whether a Go struct is of a call rather than a type of its own.
func (c *comparison) isCall(goName string) bool {
	if strings.HasSuffix(goName, "Response") && c.ours.methods[c.wireName(strings.TrimSuffix(goName, "Response"))] != nil {
		return true
	}
	t := c.theirs.Structs[goName]
	return len(t.Fields) > 0 && t.Fields[0].Name == "_this"
}

// wireName returns what a Go type is called on the wire: its own name, but for some that begin in
// lower case there.
func (c *comparison) wireName(goName string) string {
	lower := strings.ToLower(goName[:1]) + goName[1:]
	if c.theirs.Wire[lower] != "" {
		return lower
	}
	return goName
}

// isType says whether a Go struct is a data type of the API: not a call, not a list, not an
// alias of the language.
func (c *comparison) isType(goName string) bool {
	return !strings.HasPrefix(goName, "ArrayOf") && !c.isCall(goName) && c.theirs.Wire[c.wireName(goName)] == goName
}

func (c *comparison) compareTypes() {
	for goName, t := range c.theirs.Structs {
		name := c.wireName(goName)
		if own := c.ours.data[name]; own != nil {
			c.compareType(name, own, t)
		} else if c.isType(goName) {
			c.differ("data %s only in Go", name)
		}
	}
	for name := range c.ours.data {
		if c.theirs.Structs[name] == nil && c.theirs.Structs[strings.ToUpper(name[:1])+name[1:]] == nil {
			c.differ("data %s not in Go", name)
		}
	}
}

func (c *comparison) compareType(name string, own *dataType, t *source.DataType) {
	if base := c.baseName(t.Base); own.base != base {
		c.differ("data %s extends %s, in Go %s", name, cmp.Or(own.base, "nothing"), cmp.Or(base, "nothing"))
	}
	c.compareSince("data "+name, own.since, c.theirs.Since[name])
	c.compareFields(name, own.fields, t.Fields)
}

// baseName returns a base on the wire. DynamicData is no type of its own there.
func (c *comparison) baseName(goName string) string {
	if goName == "" {
		return ""
	}
	return c.wireName(goName)
}

// compareSince compares versions where Go tells one: it does from 7.0.1 on.
func (c *comparison) compareSince(what, own, theirs string) {
	if theirs != "" && own != theirs {
		c.differ("%s since %s, in Go %s", what, cmp.Or(own, "always"), theirs)
	}
}

func names[T any](list []T, name func(T) string) []string {
	var out []string
	for _, one := range list {
		out = append(out, name(one))
	}
	return out
}

func (c *comparison) compareFields(name string, own []field, theirs []source.Field) {
	ownNames := names(own, func(f field) string { return f.name })
	goNames := names(theirs, func(f source.Field) string { return f.Name })
	for _, f := range own {
		if !slices.Contains(goNames, f.name) {
			c.differ("field %s.%s not in Go", name, f.name)
		}
	}
	for i, f := range theirs {
		at := slices.Index(ownNames, f.Name)
		if at < 0 {
			c.differ("field %s.%s only in Go", name, f.Name)
			continue
		}
		c.compareField(name, own[at], f)
		if before := lastCommon(goNames[:i], ownNames); before >= 0 && before > at {
			c.differ("field %s.%s stands elsewhere in Go", name, f.Name)
		}
	}
}

// lastCommon returns the place in ours of the last of these names that is there.
func lastCommon(these, ours []string) int {
	for _, name := range slices.Backward(these) {
		if at := slices.Index(ours, name); at >= 0 {
			return at
		}
	}
	return -1
}

// compareField compares a field with its equal. In Go a list, or a value of any type, may be absent
// without being called optional.
func (c *comparison) compareField(owner string, own field, f source.Field) {
	place := owner + "." + own.name
	isList := f.Array || f.GoType == "ByteSlice"
	if own.array != isList {
		c.differ("field %s is %s, in Go %s", place, plural(own.array), plural(isList))
	}
	if own.optional != f.Optional && !(own.optional && (isList || f.GoType == "AnyType")) {
		c.differ("field %s is %s, in Go %s", place, needed(own.optional), needed(f.Optional))
	}
	if goType := c.typeName(f); own.typeName != goType && !c.isReference(own.typeName, goType) {
		c.differ("field %s is of %s, in Go %s", place, own.typeName, goType)
	}
	c.compareSince("field "+place, own.since, f.Since)
}

func plural(isList bool) string {
	if isList {
		return "a list"
	}
	return "no list"
}

func needed(isOptional bool) string {
	if isOptional {
		return "optional"
	}
	return "required"
}

// isReference says whether two names of types are of references: Go has one type for all.
func (c *comparison) isReference(own, goType string) bool {
	_, isManaged := c.ours.managed[own]
	return goType == "ManagedObjectReference" && isManaged
}

var scalars = map[string]string{
	"bool": "boolean", "int8": "byte", "uint8": "byte", "byte": "byte", "ByteSlice": "byte", "int16": "short",
	"int32": "int", "int64": "long", "float32": "float", "float64": "double", "time.Time": "dateTime",
	"[]byte": "base64Binary", "AnyType": "anyType",
}

// typeName returns the name on the wire of a field's type. The interface BaseX is of X and what
// extends it.
func (c *comparison) typeName(f source.Field) string {
	if name := scalars[f.GoType]; name != "" {
		return name
	}
	if base := strings.TrimPrefix(f.GoType, "Base"); base != f.GoType && c.theirs.Structs[f.GoType] == nil {
		return c.wireName(base)
	}
	return c.wireName(f.GoType)
}

func (c *comparison) compareEnums() {
	for name, e := range c.theirs.Enums {
		own := c.ours.enums[name]
		if own == nil {
			c.differ("enum %s only in Go", name)
			continue
		}
		c.compareSince("enum "+name, own.since, c.theirs.Since[name])
		c.compareMembers(name, own.members, e.Members)
	}
	for name := range c.ours.enums {
		if c.theirs.Enums[name] == nil {
			c.differ("enum %s not in Go", name)
		}
	}
}

func (c *comparison) compareMembers(name string, own, theirs []string) {
	for _, member := range own {
		if !slices.Contains(theirs, member) {
			c.differ("member %s.%s not in Go", name, member)
		}
	}
	for _, member := range theirs {
		if !slices.Contains(own, member) {
			c.differ("member %s.%s only in Go", name, member)
		}
	}
}

func (c *comparison) compareMethods() {
	for wire := range c.theirs.Wire {
		request := c.theirs.Request(wire)
		if request == "" {
			continue
		}
		own := c.ours.methods[wire]
		if own == nil {
			c.differ("method %s only in Go", wire)
			continue
		}
		c.compareSince("method "+wire, own.since, c.theirs.Since[wire])
		c.compareFields(wire, own.params, c.theirs.Structs[request].Fields[1:])
		c.compareResult(wire, own)
	}
	for name := range c.ours.methods {
		if c.theirs.Request(name) == "" {
			c.differ("method %s not in Go", name)
		}
	}
}

func brackets(f source.Field) string {
	if f.Array || f.GoType == "ByteSlice" {
		return "[]"
	}
	return ""
}

func (c *comparison) compareResult(wire string, own *method) {
	returns := "nothing"
	if response := c.theirs.Structs[c.theirs.Wire[wire]+"Response"]; response != nil {
		for _, f := range response.Fields {
			if f.Name == "returnval" {
				returns = c.typeName(f) + brackets(f)
			}
		}
	}
	ours := strings.TrimSuffix(cmp.Or(own.returns, "nothing"), "?")
	if ours != returns && !c.isReference(strings.TrimSuffix(ours, "[]"), strings.TrimSuffix(returns, "[]")) {
		c.differ("method %s returns %s, in Go %s", wire, ours, returns)
	}
}

func (c *comparison) compareManaged() {
	for _, name := range slices.Sorted(maps.Keys(c.ours.managed)) {
		parent, isThere := c.theirs.Parents[name]
		switch own := c.ours.managed[name]; {
		case !isThere:
			c.differ("managed %s not in Go", name)
		case own != parent:
			c.differ("managed %s extends %s, in Go %s", name, cmp.Or(own, "nothing"), cmp.Or(parent, "nothing"))
		}
	}
}
