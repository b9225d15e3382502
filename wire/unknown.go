package wire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"paygate/fault"
)

// unknownFieldFault names the field, the one that was probably meant, and all
// that there are.
func unknownFieldFault(err *json.SemanticError) error {
	param := dotted(err.JSONPointer)
	known := fieldNames(err.GoType)
	text := fmt.Sprintf("There is no field %s.", param)
	if len(known) == 0 {
		return fault.On(fault.UnknownField, param, "%s Nothing is known here: send {}.", text)
	}
	if meant := nearest(err.JSONPointer.LastToken(), known); meant != "" {
		text += fmt.Sprintf(" Did you mean %s?", meant)
	}
	return fault.On(fault.UnknownField, param, "%s Known here: %s.", text, strings.Join(known, ", "))
}

// fieldNames lists the JSON names of a struct's fields in their order.
func fieldNames(t reflect.Type) []string {
	var names []string
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "" || name == "-" {
			continue
		}
		names = append(names, name)
	}
	return names
}

// nearest is the known name that differs from name in little: case, underscores
// and dashes (orderId for order_id), or up to two letters; empty if none does.
func nearest(name string, known []string) string {
	const longest, mostDistance = 64, 2
	if len(name) > longest {
		return ""
	}
	plain := func(s string) string {
		return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(s))
	}
	best, bestDistance := "", mostDistance+1
	for _, candidate := range known {
		// A short name is two letters away from nearly everything.
		distance := editDistance(plain(name), plain(candidate))
		if distance < bestDistance && 2*distance < len(candidate) {
			best, bestDistance = candidate, distance
		}
	}
	return best
}

// editDistance counts the bytes to insert, remove or replace between a and b
// (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{replaced, row[j] + 1, row[j+1] + 1})
		}
	}
	return row[len(b)]
}
