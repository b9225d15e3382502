package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/oasdiff/yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// operation is one method of one path.
type operation struct {
	method     string
	path       string
	segments   []string
	parameters []*parameter
	body       *requestBody
	responses  map[int]*response
}

func (o *operation) name() string { return o.method + " " + o.path }

// parameter is a named value in the path, the query or a header.
type parameter struct {
	in       string
	name     string
	required bool
	value    *scalar
}

// requestBody has a schema for each media type.
type requestBody struct {
	required bool
	content  map[string]*jsonschema.Schema
}

// response is one documented status. Header names are canonical. A media type that is
// not JSON has no schema to check.
type response struct {
	headers map[string]*header
	content map[string]*jsonschema.Schema
}

type header struct {
	required bool
	value    *scalar
}

// webhook is what is sent for one type of event.
type webhook struct {
	headers []*parameter
	body    *jsonschema.Schema
}

// errorCode is an entry of x-error-codes.
type errorCode struct {
	Status     int    `json:"status"`
	Meaning    string `json:"meaning"`
	Mend       string `json:"mend"`
	RetryAfter bool   `json:"retry_after"`
}

// resource names the document within the schema compiler; nothing is fetched from it.
const resource = "openapi.json"

// document is openapi.yaml twice: as kin-openapi's model, its references resolved, and
// as plain JSON.
type document struct {
	model *openapi3.T
	plain any
}

func read(text []byte) (*document, error) {
	text, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("error reading YAML: %w", err)
	}
	model, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("error loading document: %w", err)
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("error reading document: %w", err)
	}
	return &document{model: model, plain: plain}, nil
}

// compiler takes the structure from the model and compiles each schema where it stands
// in the plain document, so that no keyword is lost in between.
type compiler struct {
	schemas *jsonschema.Compiler
	err     error
}

func newCompiler(doc *document) (*compiler, error) {
	c := &compiler{schemas: jsonschema.NewCompiler()}
	c.schemas.DefaultDraft(jsonschema.Draft2020)
	c.schemas.AssertFormat()
	if err := c.schemas.AddResource(resource, doc.plain); err != nil {
		return nil, fmt.Errorf("error adding document: %w", err)
	}
	return c, nil
}

func compile(text []byte) (*Spec, error) {
	doc, err := read(text)
	if err != nil {
		return nil, err
	}
	c, err := newCompiler(doc)
	if err != nil {
		return nil, err
	}
	spec := &Spec{webhooks: make(map[string]*webhook), codes: make(map[string]errorCode)}
	for path, item := range doc.model.Paths.Map() {
		for method, op := range item.Operations() {
			spec.operations = append(spec.operations, c.operation(method, path, item, op))
		}
	}
	for name, item := range doc.model.Webhooks {
		spec.webhooks[name] = c.webhook(name, item)
	}
	spec.routeNotFound = c.component(doc.model, "RouteNotFound")
	spec.methodNotAllowed = c.component(doc.model, "MethodNotAllowed")
	c.keep(readErrorCodes(doc.model, spec.codes))
	if c.err != nil {
		return nil, c.err
	}
	return spec, nil
}

// keep remembers the first error, so that the walk need not stop for it.
func (c *compiler) keep(err error) {
	if c.err == nil {
		c.err = err
	}
}

func (c *compiler) operation(method, path string, item *openapi3.PathItem, op *openapi3.Operation) *operation {
	out := &operation{
		method:    method,
		path:      path,
		segments:  strings.Split(path, "/"),
		responses: make(map[int]*response),
	}
	at := pointer("/paths", path)
	out.parameters = append(c.parameters(at, item.Parameters), c.parameters(pointer(at, strings.ToLower(method)), op.Parameters)...)
	at = pointer(at, strings.ToLower(method))
	if op.RequestBody != nil {
		out.body = &requestBody{
			required: op.RequestBody.Value.Required,
			content:  c.content(where(op.RequestBody.Ref, at, "requestBody"), op.RequestBody.Value.Content),
		}
	}
	for status, ref := range op.Responses.Map() {
		code, err := strconv.Atoi(status)
		if err != nil {
			c.keep(fmt.Errorf("%s %s: responses must name exact statuses, not %q", method, path, status))
			continue
		}
		out.responses[code] = c.response(where(ref.Ref, at, "responses", status), ref.Value)
	}
	return out
}

func (c *compiler) webhook(name string, item *openapi3.PathItem) *webhook {
	if item.Post == nil || item.Post.RequestBody == nil {
		c.keep(fmt.Errorf("webhook %s has no POST with a body", name))
		return nil
	}
	at := pointer("/webhooks", name, "post")
	body := item.Post.RequestBody
	content := c.content(where(body.Ref, at, "requestBody"), body.Value.Content)
	return &webhook{headers: c.parameters(at, item.Post.Parameters), body: content[mediaJSON]}
}

func (c *compiler) component(doc *openapi3.T, name string) *response {
	ref := doc.Components.Responses[name]
	if ref == nil {
		c.keep(fmt.Errorf("components.responses.%s is missing", name))
		return nil
	}
	return c.response(pointer("/components/responses", name), ref.Value)
}

func (c *compiler) parameters(at string, refs openapi3.Parameters) []*parameter {
	out := make([]*parameter, 0, len(refs))
	for i, ref := range refs {
		p := ref.Value
		out = append(out, &parameter{
			in:       p.In,
			name:     p.Name,
			required: p.Required,
			value:    c.scalar(pointer(where(ref.Ref, at, "parameters", strconv.Itoa(i)), "schema"), p.Schema),
		})
	}
	return out
}

func (c *compiler) response(at string, r *openapi3.Response) *response {
	out := &response{headers: make(map[string]*header), content: c.content(at, r.Content)}
	for name, ref := range r.Headers {
		out.headers[http.CanonicalHeaderKey(name)] = &header{
			required: ref.Value.Required,
			value:    c.scalar(pointer(where(ref.Ref, at, "headers", name), "schema"), ref.Value.Schema),
		}
	}
	return out
}

func (c *compiler) content(at string, content openapi3.Content) map[string]*jsonschema.Schema {
	out := make(map[string]*jsonschema.Schema, len(content))
	for media := range content {
		out[media] = nil
		if isJSON(media) {
			out[media] = c.schema(pointer(at, "content", media, "schema"))
		}
	}
	return out
}

// scalar compiles the schema of a value that travels as text.
func (c *compiler) scalar(at string, ref *openapi3.SchemaRef) *scalar {
	if ref == nil {
		c.keep(fmt.Errorf("%s is missing", at))
		return nil
	}
	return &scalar{schema: c.schema(at), integer: ref.Value.Type.Is(openapi3.TypeInteger)}
}

func (c *compiler) schema(at string) *jsonschema.Schema {
	fragment := (&url.URL{Fragment: at}).EscapedFragment()
	compiled, err := c.schemas.Compile(resource + "#" + fragment)
	if err != nil {
		c.keep(fmt.Errorf("error compiling schema at %s: %w", at, err))
	}
	return compiled
}

// where is the place of an object that may be given by reference.
func where(ref, base string, tokens ...string) string {
	if ref != "" {
		return strings.TrimPrefix(ref, "#")
	}
	return pointer(base, tokens...)
}

// pointer appends tokens to a JSON pointer (RFC 6901).
func pointer(base string, tokens ...string) string {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for _, token := range tokens {
		base += "/" + escape.Replace(token)
	}
	return base
}

func readErrorCodes(doc *openapi3.T, into map[string]errorCode) error {
	ref := doc.Components.Schemas["ErrorCode"]
	if ref == nil {
		return errors.New("components.schemas.ErrorCode is missing")
	}
	text, err := json.Marshal(ref.Value.Extensions["x-error-codes"])
	if err != nil {
		return fmt.Errorf("error reading x-error-codes: %w", err)
	}
	if err := json.Unmarshal(text, &into); err != nil {
		return fmt.Errorf("error reading x-error-codes: %w", err)
	}
	return nil
}
