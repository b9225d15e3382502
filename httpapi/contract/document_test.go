package contract

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"paygate/httpapi"
	"paygate/payments"
	"paygate/processor"
	"paygate/webhooks"
)

var readOnce = sync.OnceValues(func() (*document, error) { return read(httpapi.Document) })

// loadDocument returns the document that the tests share; they only read it.
func loadDocument(t *testing.T) *document {
	t.Helper()
	doc, err := readOnce()
	require.NoError(t, err)
	return doc
}

func TestDocument_Valid(t *testing.T) {
	t.Parallel()
	doc, err := read(httpapi.Document)
	require.NoError(t, err)
	require.NoError(t, doc.model.Validate(t.Context()))
	require.True(t, doc.model.IsOpenAPI31OrLater())
}

// Every example and every default of the document is valid by the schema beside it.
func TestDocument_Examples(t *testing.T) {
	t.Parallel()
	doc := loadDocument(t)
	c, err := newCompiler(doc)
	require.NoError(t, err)
	var checked int
	check := func(at string, value any) {
		schema := c.schema(at)
		require.NoError(t, c.err)
		require.Empty(t, validate(schema, value), "example at %s", at)
		checked++
	}
	walk("", doc.plain, func(at string, node map[string]any) {
		// A media type, parameter or header.
		if _, ok := node["schema"].(map[string]any); ok {
			if value, ok := node["example"]; ok {
				check(pointer(at, "schema"), asText(at, value))
			}
			if named, ok := node["examples"].(map[string]any); ok {
				for _, example := range named {
					check(pointer(at, "schema"), example.(map[string]any)["value"])
				}
			}
		}
		// A schema.
		if examples, ok := node["examples"].([]any); ok {
			for _, value := range examples {
				check(at, value)
			}
		}
		if value, ok := node["default"]; ok && !strings.HasSuffix(at, "/responses") {
			check(at, value)
		}
	})
	require.Greater(t, checked, 90)
}

// asText keeps examples of headers that are integers as they are and others as text.
func asText(at string, value any) any {
	if number, ok := value.(json.Number); ok && !strings.HasPrefix(at, "/components/headers/") {
		return number.String()
	}
	return value
}

func TestDocument_References(t *testing.T) {
	t.Parallel()
	doc := loadDocument(t)
	used := make(map[string]bool)
	walk("", doc.plain, func(_ string, node map[string]any) {
		if ref, ok := node["$ref"].(string); ok {
			used[strings.TrimPrefix(ref, "#")] = true
		}
	})
	// The harness refers to these two by name: they answer what matches no operation.
	used["/components/responses/RouteNotFound"] = true
	used["/components/responses/MethodNotAllowed"] = true
	for _, requirement := range doc.model.Security {
		for name := range requirement {
			used[pointer("/components/securitySchemes", name)] = true
		}
	}

	components := doc.plain.(map[string]any)["components"].(map[string]any)
	for kind, entries := range components {
		for name := range entries.(map[string]any) {
			at := pointer("/components", kind, name)
			require.True(t, used[at], "%s is used nowhere", at)
		}
	}
}

// What the API promises of all its operations, so that a new one cannot forget it.
func TestDocument_Promises(t *testing.T) {
	t.Parallel()
	doc := loadDocument(t)
	ids := make(map[string]bool)
	for path, item := range doc.model.Paths.Map() {
		for method, op := range item.Operations() {
			name := method + " " + path
			require.NotEmpty(t, op.Summary, name)
			require.Len(t, op.Tags, 1, name)
			require.NotNil(t, doc.model.Tags.Get(op.Tags[0]), name)
			require.NotEmpty(t, op.OperationID, name)
			require.False(t, ids[op.OperationID], "operationId %s is taken", op.OperationID)
			ids[op.OperationID] = true

			statuses := slices.Collect(maps.Keys(op.Responses.Map()))
			require.Contains(t, statuses, "500", name)
			if strings.HasPrefix(path, "/api/v1/") {
				require.Subset(t, statuses, []string{"400", "401", "403", "429", "500", "503"}, name)
			}
			if op.RequestBody != nil {
				require.Subset(t, statuses, []string{"400", "413", "415"}, name)
			}
			if strings.Contains(path, "{") {
				require.Contains(t, statuses, "404", name)
			}
			if method == http.MethodPost {
				require.NotNil(t, op.Parameters.GetByInAndName("header", "Idempotency-Key"), name)
				require.Subset(t, statuses, []string{"409", "422"}, name)
			}
			for status, response := range op.Responses.Map() {
				at := name + " " + status
				require.NotNil(t, response.Value.Headers["X-Request-Id"], at)
				if status < "300" {
					_, replayable := response.Value.Headers["Idempotent-Replayed"]
					require.Equal(t, method == http.MethodPost, replayable, at)
				} else if path != "/health/ready" {
					require.Equal(t, []string{mediaProblem}, slices.Collect(maps.Keys(response.Value.Content)), at)
				}
			}
		}
	}
}

// Objects are closed, so that an undocumented member cannot pass.
func TestDocument_ObjectsAreClosed(t *testing.T) {
	t.Parallel()
	schemas := loadDocument(t).plain.(map[string]any)["components"].(map[string]any)["schemas"].(map[string]any)
	for name, schema := range schemas {
		node := schema.(map[string]any)
		if _, ok := node["properties"]; !ok || strings.HasSuffix(name, "Fields") {
			continue
		}
		closed := node["additionalProperties"] == false || node["unevaluatedProperties"] == false
		require.True(t, closed, "%s is open to any member", name)
	}
}

func TestDocument_ErrorCodes(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../../fault/fault.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var inCode []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); ok && kind.Name == "Code" {
			text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			inCode = append(inCode, text)
		}
		return true
	})
	require.NotEmpty(t, inCode)

	catalogue := Load(t).codes
	require.ElementsMatch(t, inCode, slices.Collect(maps.Keys(catalogue)))
	for code, entry := range catalogue {
		require.NotEmpty(t, entry.Meaning, code)
		require.NotEmpty(t, entry.Mend, code)
		require.NotEmpty(t, http.StatusText(entry.Status), code)
	}
	var enum []string
	for _, value := range loadDocument(t).model.Components.Schemas["ErrorCode"].Value.Enum {
		enum = append(enum, value.(string))
	}
	require.ElementsMatch(t, inCode, enum)
}

func TestDocument_EventTypes(t *testing.T) {
	t.Parallel()
	doc := loadDocument(t)
	hooks := slices.Collect(maps.Keys(doc.model.Webhooks))
	var types []string
	for _, value := range doc.model.Components.Schemas["EventType"].Value.Enum {
		types = append(types, value.(string))
	}
	require.ElementsMatch(t, hooks, types)
	for _, kind := range webhooks.Types {
		require.Contains(t, types, string(kind))
	}

	var patterns []any
	for _, name := range types {
		family, _, _ := strings.Cut(name, ".")
		patterns = append(patterns, name)
		if !slices.Contains(patterns, any(family+".*")) {
			patterns = append(patterns, family+".*")
		}
	}
	require.ElementsMatch(t, append(patterns, "*"), doc.model.Components.Schemas["EventPattern"].Value.Enum)
}

func TestDocument_BalanceTransactionTypes(t *testing.T) {
	t.Parallel()
	var types []string
	for _, value := range loadDocument(t).model.Components.Schemas["BalanceTransactionType"].Value.Enum {
		types = append(types, value.(string))
	}
	require.ElementsMatch(t, payments.BalanceTransactionTypes, types)
}

// The acquirer's banks and test instruments are all there for the reader.
func TestDocument_Instruments(t *testing.T) {
	t.Parallel()
	schemas := loadDocument(t).model.Components.Schemas
	var banks []any
	for _, bank := range processor.Banks() {
		banks = append(banks, bank.Code)
	}
	text := schemas["PaymentCreate"].Value.Description
	for _, instrument := range processor.TestInstruments() {
		require.Contains(t, text, "| `"+instrument.Value+"` |")
		if instrument.Method == processor.MethodNetbanking {
			banks = append(banks, instrument.Value)
		}
	}
	require.ElementsMatch(t, banks, schemas["Bank"].Value.Enum)
}

// The signed message that readers test their verification with is signed right.
func TestDocument_WebhookVector(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(loadDocument(t).model.Extensions["x-webhook-vector"])
	require.NoError(t, err)
	var vector struct {
		Body    string            `json:"body"`
		Headers map[string]string `json:"headers"`
		Secret  string            `json:"secret"`
	}
	require.NoError(t, json.Unmarshal(text, &vector))
	header := http.Header{"Content-Type": {mediaJSON}}
	for name, value := range vector.Headers {
		header.Set(name, value)
	}
	Load(t).CheckDelivery(t, header, []byte(vector.Body))

	sum := func(secret []byte, message string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(message))
		return mac.Sum(nil)
	}
	require.Equal(t, hex.EncodeToString(sum([]byte(vector.Secret), vector.Body)), header.Get("X-Webhook-Signature"))
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(vector.Secret, "whsec_"))
	require.NoError(t, err)
	message := header.Get("webhook-id") + "." + header.Get("webhook-timestamp") + "." + vector.Body
	require.Equal(t, "v1,"+base64.StdEncoding.EncodeToString(sum(secret, message)), header.Get("webhook-signature"))
}

// walk visits every object of a JSON document with its pointer. What stands inside an
// example is data, not document.
func walk(at string, node any, visit func(at string, node map[string]any)) {
	switch node := node.(type) {
	case map[string]any:
		visit(at, node)
		for name, child := range node {
			if name != "example" && name != "examples" && name != "value" {
				walk(pointer(at, name), child, visit)
			}
		}
	case []any:
		for i, child := range node {
			walk(pointer(at, strconv.Itoa(i)), child, visit)
		}
	}
}
