// Package source reads what the Go types of govmomi say about the vSphere API.
package source

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

// API is what the Go sources say about the API.
type API struct {
	Structs map[string]*DataType // by Go name
	Enums   map[string]*Enum
	Wire    map[string]string // name on the wire → Go name
	Aliases map[string]string // Go name → Go name of what it is another name for
	Since   map[string]string // Go name → API version
	Parents map[string]string // managed type → its base
}

// DataType is a data object, the parameters of a method, or what it returns.
type DataType struct {
	Base   string // Go name, or ""
	Fields []Field
}

// Field is an element of a DataType.
type Field struct {
	Name     string // on the wire
	GoType   string // without *, []
	RefersTo string // of a ManagedObjectReference: the managed type, or ""
	Since    string
	Array    bool
	Optional bool
	Attr     bool
	Text     bool
}

// Enum is an enumeration: its members, and the API versions that brought some of them.
type Enum struct {
	Members []string
	Since   map[string]string
}

// New makes one that says nothing yet.
func New() *API {
	return &API{
		Structs: map[string]*DataType{},
		Enums:   map[string]*Enum{},
		Wire:    map[string]string{},
		Aliases: map[string]string{},
		Since:   map[string]string{},
		Parents: map[string]string{},
	}
}

// Read reads a Go file with data types or enumerations.
func (a *API) Read(path string) error {
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

func (a *API) readDecl(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			a.readType(s)
		case *ast.ValueSpec: // const X = Enum("member")
			if call, ok := first(s.Values).(*ast.CallExpr); ok && d.Tok == token.CONST && len(call.Args) == 1 {
				if e := a.Enums[goName(call.Fun)]; e != nil {
					e.Members = append(e.Members, unquote(call.Args[0]))
				}
			}
		}
	}
}

func (a *API) readType(s *ast.TypeSpec) {
	name := s.Name.Name
	switch t := s.Type.(type) {
	case *ast.StructType:
		a.Structs[name] = readStruct(t)
	case *ast.Ident:
		if t.Name == "string" {
			a.Enums[name] = &Enum{Since: map[string]string{}}
		} else {
			a.Aliases[name] = t.Name
		}
	}
}

// Request returns the Go name of the parameters of a method, "" if wire is not a method.
func (a *API) Request(wire string) string {
	name := cmp.Or(a.Aliases[a.Wire[wire]], a.Wire[wire])
	t := a.Structs[name]
	if t == nil || len(t.Fields) == 0 || t.Fields[0].Name != "_this" || strings.HasSuffix(wire, "RequestType") {
		return ""
	}
	return name
}

var refers = regexp.MustCompile("Refers instances? of `([A-Za-z]+)`")

func readStruct(t *ast.StructType) *DataType {
	d := &DataType{}
	for _, f := range t.Fields.List {
		if len(f.Names) == 0 {
			d.Base = goName(f.Type)
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
		one := Field{Name: parts[0], Since: tag.Get("vim")}
		one.readType(f.Type)
		for _, option := range parts[1:] {
			switch option {
			case "omitempty":
				one.Optional = true
			case "attr":
				one.Attr = true
			case "chardata":
				one.Text = true
			}
		}
		if m := refers.FindStringSubmatch(f.Doc.Text()); m != nil {
			one.RefersTo = m[1]
		}
		d.Fields = append(d.Fields, one)
	}
	return d
}

// readType reads a field's type. A pointer is optional, with or without omitempty.
func (f *Field) readType(t ast.Expr) {
	switch t := t.(type) {
	case *ast.StarExpr:
		f.Optional = true
		f.readType(t.X)
	case *ast.ArrayType:
		if goName(t.Elt) == "byte" { // a Binary, not an array of bytes
			f.GoType = "[]byte"
			return
		}
		f.Array = true
		f.readType(t.Elt)
	default:
		f.GoType = goName(t)
	}
}

// readInit reads the registrations: t["wire name"] = reflect.TypeOf((*GoName)(nil)).Elem(),
// and the API versions of types and of members.
func (a *API) readInit(d *ast.FuncDecl) {
	for _, statement := range d.Body.List {
		if expr, ok := statement.(*ast.ExprStmt); ok { // types.Add("wire name", …)
			if call, ok := expr.X.(*ast.CallExpr); ok && goName(call.Fun) == "Add" {
				a.Wire[strings.TrimPrefix(unquote(call.Args[0]), "pbm:")] = registered(call.Args[1])
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
			a.Wire[key] = registered(assign.Rhs[0])
		case "minAPIVersionForType":
			a.Since[key] = unquote(assign.Rhs[0])
		case "minAPIVersionForEnumValue":
			if literal, ok := assign.Rhs[0].(*ast.CompositeLit); ok && a.Enums[key] != nil {
				for _, pair := range literal.Elts {
					kv := pair.(*ast.KeyValueExpr)
					a.Enums[key].Since[unquote(kv.Key)] = unquote(kv.Value)
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

// ReadManaged reads which managed type derives from which.
func (a *API) ReadManaged(path string) error {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if s, ok := n.(*ast.TypeSpec); ok {
			if t, ok := s.Type.(*ast.StructType); ok {
				a.Parents[s.Name.Name] = readStruct(t).Base
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
