package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
)

func isJSON(media string) bool { return media == mediaJSON || strings.HasSuffix(media, "+json") }

// mediaType takes the parameters off a Content-Type. JSON has none but a charset that is
// UTF-8.
func mediaType(contentType string) (string, error) {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", fmt.Errorf("Content-Type %q: %w", contentType, err)
	}
	for name, value := range params {
		if isJSON(media) && (name != "charset" || !strings.EqualFold(value, "utf-8")) {
			return "", fmt.Errorf("Content-Type %q has a parameter other than charset=utf-8", contentType)
		}
	}
	return media, nil
}

// decode is stricter than JSON Schema needs: a duplicate member or invalid UTF-8, which
// readers resolve each in their own way, is an error. Numbers keep their digits.
func decode(body []byte) (any, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("is empty")
	}
	if err := strictJSON(body); err != nil {
		return nil, err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("is not JSON: %w", err)
	}
	return value, nil
}

func strictJSON(body []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(body))
	if _, err := dec.ReadValue(); err != nil {
		return fmt.Errorf("is not strict JSON: %w", err)
	}
	return nil
}

// validate returns one line for each thing in which value departs from schema.
func validate(schema *jsonschema.Schema, value any) []string {
	err := schema.Validate(value)
	if err == nil {
		return nil
	}
	// The first line names the schema by an address that means nothing to a reader.
	_, lines, found := strings.Cut(err.Error(), "\n")
	if !found {
		return []string{err.Error()}
	}
	var out []string
	for line := range strings.SplitSeq(lines, "\n") {
		out = append(out, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	return out
}

// scalar is the schema of a value that travels as text: in a path, a query, a header.
type scalar struct {
	schema  *jsonschema.Schema
	integer bool
}

var integerText = regexp.MustCompile(`^-?(0|[1-9][0-9]*)$`)

func (s *scalar) validate(text string) []string {
	if !s.integer {
		return validate(s.schema, text)
	}
	if !integerText.MatchString(text) {
		return []string{fmt.Sprintf("%q is not an integer", text)}
	}
	return validate(s.schema, json.Number(text))
}
