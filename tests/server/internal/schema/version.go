package schema

import (
	"strconv"
	"strings"
)

// attribute returns the value of an attribute in a line of the schema, "" if it has none.
func attribute(line, name string) string {
	_, rest, found := strings.Cut(line, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// typeName returns the name of the type that begins in a line, "" if none does.
func typeName(line string) string {
	if strings.HasPrefix(line, "<complexType ") || strings.HasPrefix(line, "<simpleType ") {
		return attribute(line, "name")
	}
	return ""
}

// upTo leaves out of the schema what came after an API version. Each element, member and
// tag is a line of its own; only types span several lines.
func upTo(text, version string) string {
	lines := strings.Split(text, "\n")
	gone := map[string]bool{}
	for _, line := range lines {
		if name := typeName(line); name != "" && newer(line, version) {
			gone[name] = true
		}
	}
	var kept strings.Builder
	closing := "" // of the type that is being left out
	for _, line := range lines {
		switch {
		case closing != "":
			if line == closing {
				closing = ""
			}
		case gone[typeName(line)]:
			closing = "</" + strings.TrimPrefix(strings.Fields(line)[0], "<") + ">"
		case newer(line, version), gone[local(attribute(line, "type"))]:
		default:
			kept.WriteString(line)
			kept.WriteByte('\n')
		}
	}
	return kept.String()
}

func newer(line, version string) bool {
	since := attribute(line, "v:since")
	return since != "" && compareVersions(since, version) > 0
}

// compareVersions compares versions of numbers and dots; what is missing is 0.
func compareVersions(a, b string) int {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		if d := part(x, i) - part(y, i); d != 0 {
			return d
		}
	}
	return 0
}

func part(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, _ := strconv.Atoi(parts[i]) // what is no number is 0
	return n
}
