package httpapi

import _ "embed"

// Document is the contract of the HTTP API as served: OpenAPI 3.1, YAML, written by
// hand. Package contract holds every tested exchange against it.
//
//go:embed openapi.yaml
var Document []byte
