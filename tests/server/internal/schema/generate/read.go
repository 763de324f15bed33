package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// api is what the Go sources say about the API.
type api struct {
	structs map[string]*dataType // by Go name
	enums   map[string]*enum
	wire    map[string]string // name on the wire → Go name
	aliases map[string]string // Go name → Go name of what it is another name for
	since   map[string]string // Go name → API version
	parents map[string]string // managed type → its base
}

type dataType struct {
	base   string // Go name, or ""
	fields []field
}

type field struct {
	name     string // on the wire
	goType   string // without *, []
	refersTo string // of a ManagedObjectReference: the managed type, or ""
	since    string
	array    bool
	optional bool
	attr     bool
	text     bool
}

type enum struct {
	members []string
	since   map[string]string
}

func newAPI() *api {
	return &api{
		structs: map[string]*dataType{},
		enums:   map[string]*enum{},
		wire:    map[string]string{},
		aliases: map[string]string{},
		since:   map[string]string{},
		parents: map[string]string{},
	}
}

func (a *api) read(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.GenDecl:
			a.readDecl(d)
		case *ast.FuncDecl:
			if d.Name.Name == "init" {
				a.readInit(d)
			}
		}
	}
	return nil
}

func (a *api) readDecl(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			a.readType(s)
		case *ast.ValueSpec: // const X = Enum("member")
			if call, ok := first(s.Values).(*ast.CallExpr); ok && d.Tok == token.CONST && len(call.Args) == 1 {
				if e := a.enums[goName(call.Fun)]; e != nil {
					e.members = append(e.members, unquote(call.Args[0]))
				}
			}
		}
	}
}

func (a *api) readType(s *ast.TypeSpec) {
	name := s.Name.Name
	switch t := s.Type.(type) {
	case *ast.StructType:
		a.structs[name] = readStruct(t)
	case *ast.Ident:
		if t.Name == "string" {
			a.enums[name] = &enum{since: map[string]string{}}
		} else {
			a.aliases[name] = t.Name
		}
	}
}

// request returns the Go name of the parameters of a method, "" if wire is not a method.
func (a *api) request(wire string) string {
	name := cmp.Or(a.aliases[a.wire[wire]], a.wire[wire])
	t := a.structs[name]
	if t == nil || len(t.fields) == 0 || t.fields[0].name != "_this" || strings.HasSuffix(wire, "RequestType") {
		return ""
	}
	return name
}

var refers = regexp.MustCompile("Refers instances? of `([A-Za-z]+)`")

func readStruct(t *ast.StructType) *dataType {
	d := &dataType{}
	for _, f := range t.Fields.List {
		if len(f.Names) == 0 {
			d.base = goName(f.Type)
			continue
		}
		if f.Tag == nil {
			continue
		}
		tag := reflect.StructTag(unquote(f.Tag))
		parts := strings.Split(tag.Get("xml"), ",")
		if parts[0] == "-" || strings.Contains(parts[0], ">") { // not of a request
			continue
		}
		one := field{name: parts[0], since: tag.Get("vim")}
		one.readType(f.Type)
		for _, option := range parts[1:] {
			switch option {
			case "omitempty":
				one.optional = true
			case "attr":
				one.attr = true
			case "chardata":
				one.text = true
			}
		}
		if m := refers.FindStringSubmatch(f.Doc.Text()); m != nil {
			one.refersTo = m[1]
		}
		d.fields = append(d.fields, one)
	}
	return d
}

// readType reads a field's type. A pointer is optional, with or without omitempty.
func (f *field) readType(t ast.Expr) {
	switch t := t.(type) {
	case *ast.StarExpr:
		f.optional = true
		f.readType(t.X)
	case *ast.ArrayType:
		if goName(t.Elt) == "byte" { // a Binary, not an array of bytes
			f.goType = "[]byte"
			return
		}
		f.array = true
		f.readType(t.Elt)
	default:
		f.goType = goName(t)
	}
}

// readInit reads the registrations: t["wire name"] = reflect.TypeOf((*GoName)(nil)).Elem(),
// and the API versions of types and of members.
func (a *api) readInit(d *ast.FuncDecl) {
	for _, statement := range d.Body.List {
		if expr, ok := statement.(*ast.ExprStmt); ok { // types.Add("wire name", …)
			if call, ok := expr.X.(*ast.CallExpr); ok && goName(call.Fun) == "Add" {
				a.wire[unquote(call.Args[0])] = registered(call.Args[1])
			}
		}
		assign, ok := statement.(*ast.AssignStmt)
		if !ok {
			continue
		}
		index, ok := assign.Lhs[0].(*ast.IndexExpr)
		if !ok {
			continue
		}
		key := unquote(index.Index)
		switch goName(index.X) {
		case "t":
			a.wire[key] = registered(assign.Rhs[0])
		case "minAPIVersionForType":
			a.since[key] = unquote(assign.Rhs[0])
		case "minAPIVersionForEnumValue":
			if literal, ok := assign.Rhs[0].(*ast.CompositeLit); ok && a.enums[key] != nil {
				for _, pair := range literal.Elts {
					kv := pair.(*ast.KeyValueExpr)
					a.enums[key].since[unquote(kv.Key)] = unquote(kv.Value)
				}
			}
		}
	}
}

// registered returns X of reflect.TypeOf((*X)(nil)).Elem().
func registered(e ast.Expr) string {
	name := ""
	ast.Inspect(e, func(n ast.Node) bool {
		if star, ok := n.(*ast.StarExpr); ok {
			name = goName(star.X)
		}
		return true
	})
	return name
}

// readManaged reads which managed type derives from which.
func (a *api) readManaged(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok {
			if t, ok := s.Type.(*ast.StructType); ok {
				a.parents[s.Name.Name] = readStruct(t).base
			}
		}
		return true
	})
	return nil
}

func first(list []ast.Expr) ast.Expr {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func goName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		if x := goName(e.X); x != "types" {
			return x + "." + e.Sel.Name
		}
		return e.Sel.Name
	case *ast.StarExpr:
		return goName(e.X)
	}
	return ""
}

func unquote(e ast.Expr) string {
	literal, ok := e.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, err := strconv.Unquote(literal.Value)
	if err != nil {
		return ""
	}
	return text
}
