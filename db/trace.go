package db

import (
	"context"
	"strings"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/trace"
)

// newTracer names each statement, and says nothing else of it: neither its text nor its parameters.
func newTracer(provider trace.TracerProvider) pgx.QueryTracer {
	return otelpgx.NewTracer(
		otelpgx.WithTracerProvider(provider),
		otelpgx.WithSpanNameFunc(statementName),
		otelpgx.WithDisableSQLStatementInAttributes(),
		otelpgx.WithDisableConnectionDetailsInAttributes(),
	)
}

// statementName is what sqlc calls a statement, River's too; else its first word.
func statementName(sql string) string {
	if rest, named := strings.CutPrefix(strings.TrimSpace(sql), "-- name: "); named {
		name, _, _ := strings.Cut(rest, " ")
		return name
	}
	return otelpgx.SQLOperationName(context.Background(), sql)
}
