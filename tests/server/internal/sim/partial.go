package sim

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// nested returns what turns one value of a property into another, as a filter with partial
// updates reports it: changed fields by their paths, and elements that come and go by their keys.
func nested(path string, before, now types.AnyType) []types.PropertyChange {
	d := &difference{}
	if !d.values(path, reflect.ValueOf(before), reflect.ValueOf(now)) {
		return []types.PropertyChange{assign(path, now)}
	}
	return d.changes
}

// difference collects changes. Its methods return false where there is no telling but of
// the whole value.
type difference struct {
	changes []types.PropertyChange
}

func (d *difference) add(path string, op types.PropertyChangeOp, val types.AnyType) bool {
	d.changes = append(d.changes, types.PropertyChange{Name: path, Op: op, Val: val})
	return true
}

func pointed(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	return v
}

func (d *difference) values(path string, before, now reflect.Value) bool {
	before, now = pointed(before), pointed(now)
	switch {
	case !now.IsValid():
		return !before.IsValid() || d.add(path, types.PropertyChangeOpAssign, nil)
	case !before.IsValid() || before.Type() != now.Type():
		return d.whole(path, now)
	case reflect.DeepEqual(before.Interface(), now.Interface()):
		return true
	case now.Kind() == reflect.Slice:
		return d.elements(path, before, now)
	case isArray(now.Type()):
		return d.elements(path, before.Field(0), now.Field(0))
	case now.Kind() == reflect.Struct && now.Type() != reflect.TypeFor[time.Time]() && now.Type() != reflect.TypeFor[ref]():
		return d.fields(path, before, now)
	}
	return d.whole(path, now)
}

// isArray says whether a type is one that stands for an array where any type may.
func isArray(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && strings.HasPrefix(t.Name(), "ArrayOf") && t.NumField() == 1
}

func (d *difference) whole(path string, now reflect.Value) bool {
	if now.Kind() == reflect.Slice {
		array, ok := arrayOf(now)
		return ok && d.add(path, types.PropertyChangeOpAssign, array)
	}
	return d.add(path, types.PropertyChangeOpAssign, now.Interface())
}

// arrayOf returns a slice as the type that stands for it where any type may.
func arrayOf(slice reflect.Value) (types.AnyType, bool) {
	name := strings.TrimPrefix(slice.Type().Elem().Name(), "Base")
	switch slice.Type().Elem().Kind() {
	case reflect.Int32:
		name = "Int"
	case reflect.Int64:
		name = "Long"
	case reflect.String:
		if name == "string" {
			name = "String"
		}
	}
	t, ok := types.TypeFunc()("ArrayOf" + name)
	if !ok || !isArray(t) || t.Field(0).Type != slice.Type() {
		return nil, false
	}
	array := reflect.New(t).Elem()
	array.Field(0).Set(slice)
	return array.Interface(), true
}

func (d *difference) fields(path string, before, now reflect.Value) bool {
	for i := range now.NumField() {
		field := now.Type().Field(i)
		if field.Anonymous {
			if !d.fields(path, before.Field(i), now.Field(i)) {
				return false
			}
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("xml"), ",")
		old, value := before.Field(i), now.Field(i)
		if strings.Contains(options, "omitempty") {
			old, value = unsetIfZero(old), unsetIfZero(value)
		}
		if !d.values(path+"."+name, old, value) {
			return false
		}
	}
	return true
}

func unsetIfZero(v reflect.Value) reflect.Value {
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return reflect.Value{}
	}
	return v
}

// elements compares arrays. Elements are told by their keys if all have one and those that stay
// keep their order, new ones being the last.
func (d *difference) elements(path string, before, now reflect.Value) bool {
	old, ok1 := keys(before)
	keep, ok2 := keys(now)
	if !ok1 || !ok2 || !inOrder(before, now, old, keep) {
		return d.whole(path, now)
	}
	for i := range before.Len() {
		if key := keyOf(before.Index(i)); !contains(keep, key) {
			d.add(path+"["+key+"]", types.PropertyChangeOpRemove, nil)
		}
	}
	for i := range now.Len() {
		element := now.Index(i)
		at := path + "[" + keyOf(element) + "]"
		if j, known := old[keyOf(element)]; !known {
			d.add(at, types.PropertyChangeOpAdd, pointed(element).Interface())
		} else if !d.values(at, before.Index(j), element) {
			return false
		}
	}
	return true
}

func contains(keys map[string]int, key string) bool {
	_, ok := keys[key]
	return ok
}

// keyOf returns the key of an element as paths have it, "" if it has none.
func keyOf(element reflect.Value) string {
	element = pointed(element)
	if !element.IsValid() || element.Kind() != reflect.Struct {
		return ""
	}
	if id, ok := element.Interface().(ref); ok {
		return fmt.Sprintf("%q", id.Value)
	}
	key := element.FieldByName("Key")
	switch {
	case !key.IsValid():
		return ""
	case key.Kind() == reflect.Int32:
		return fmt.Sprint(key.Int())
	case key.Kind() == reflect.String:
		return fmt.Sprintf("%q", key.String())
	}
	return ""
}

// keys returns where in a slice the element of each key is; false if not each has one of its own.
func keys(slice reflect.Value) (map[string]int, bool) {
	at := make(map[string]int, slice.Len())
	for i := range slice.Len() {
		key := keyOf(slice.Index(i))
		if key == "" || contains(at, key) {
			return nil, false
		}
		at[key] = i
	}
	return at, true
}

func inOrder(before, now reflect.Value, old, keep map[string]int) bool {
	last, isNew := -1, false
	for i := range now.Len() {
		j, known := old[keyOf(now.Index(i))]
		if known && (isNew || j < last) {
			return false
		}
		isNew = !known
		last = max(last, j)
	}
	return before.Len() > 0 && len(keep) > 0
}

// clone copies a value and all it points to: the simulator changes what it has handed out.
func clone(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v
		}
		inner := clone(v.Elem())
		if v.Kind() == reflect.Interface {
			return inner.Convert(v.Type())
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(inner)
		return p
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		slice := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			slice.Index(i).Set(clone(v.Index(i)))
		}
		return slice
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return v
		}
		copied := reflect.New(v.Type()).Elem()
		copied.Set(v)
		for i := range v.NumField() {
			if copied.Field(i).CanSet() {
				copied.Field(i).Set(clone(v.Field(i)))
			}
		}
		return copied
	}
	return v
}
