package wire

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// maxArrayIndex is the last array index of ECMA-262 (section 6.1.7): 2^32 - 2.
// "4294967295" is a name like any other.
const maxArrayIndex = 1<<32 - 2

// arrayIndex tells whether JavaScript takes a name for an array index: an integer
// up to maxArrayIndex in its canonical spelling. OrdinaryOwnPropertyKeys (ECMA-262,
// section 10.1.11.1) puts those first, ascending, wherever they stood in the text.
func arrayIndex(name string) (index int64, ok bool) {
	if name == "" || len(name) > len("4294967294") || (name[0] == '0' && len(name) > 1) {
		return 0, false
	}
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return 0, false
		}
	}
	index, err := strconv.ParseInt(name, 10, 64)
	return index, err == nil && index <= maxArrayIndex
}

// compareNames orders names as JavaScript does where it has an opinion, and by
// their bytes where it keeps the order of the text. UTF-16 code units, as RFC 8785
// sorts by, would serve as well; bytes are how Go and Postgres ("C") compare.
func compareNames(a, b string) int {
	indexA, okA := arrayIndex(a)
	indexB, okB := arrayIndex(b)
	switch {
	case okA && okB:
		return cmp.Compare(indexA, indexB)
	case okA:
		return -1
	case okB:
		return 1
	default:
		return strings.Compare(a, b)
	}
}

// checkJavaScript looks through what the library encoded (so: valid, compact, its
// strings normalised, its names unique) for the two things that JavaScript would
// still write differently: numbers and the order of names.
func checkJavaScript(body []byte) error {
	// One entry for each open object or array: the last array index among its
	// names, notYet before any name, or one of the states below.
	const (
		notYet  = -1 // an object with no name so far
		pastAll = -2 // an object that has had a name that is no array index
		array   = -3
	)
	open := make([]int64, 0, MaxDepth)
	nameNext := false // whether the next string is a name
	for i := 0; i < len(body); i++ {
		switch c := body[i]; c {
		case '{':
			open, nameNext = append(open, notYet), true
		case '[':
			open, nameNext = append(open, array), false
		case '}', ']':
			open = open[:len(open)-1]
		case ',':
			nameNext = open[len(open)-1] != array
		case '"':
			end := i + 1 + stringLength(body[i+1:])
			if nameNext {
				last := &open[len(open)-1]
				switch index, ok := arrayIndex(string(body[i+1 : end])); {
				case !ok:
					*last = pastAll
				case *last == pastAll || *last >= index:
					return fmt.Errorf("name %q comes too late for JavaScript's order of names", body[i+1:end])
				default:
					*last = index
				}
				nameNext = false
			}
			i = end
		case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
			length := bytes.IndexAny(body[i:], ",]}")
			if length < 0 {
				length = len(body) - i
			}
			if err := checkNumber(string(body[i : i+length])); err != nil {
				return err
			}
			i += length - 1
		}
	}
	return nil
}

// stringLength is the length of the JSON string that text begins within, up to
// its closing quote.
func stringLength(text []byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

func checkNumber(text string) error {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < -MaxInteger || number > MaxInteger || text == "-0" {
		return fmt.Errorf("number %s is no integer within ±%d", text, int64(MaxInteger))
	}
	return nil
}
