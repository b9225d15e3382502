package main

import (
	"fmt"
	"strings"
	"time"
)

// tour is what dev says about itself: where everything is, and what to try first.
type tour struct {
	took                                            time.Duration
	api, checkout, dashboard, receiver, shop, admin string // URLs; no admin when it is off
	password                                        string // of demoEmail at the dashboard; "" when that is not on loopback
	embeddedPostgres, embeddedRedis                 bool
	sandboxOpen                                     bool // a request without credentials is the demo merchant's
	exposed                                         bool // other machines can reach the API
	readiness                                       readiness
}

func (t *tour) text() string {
	var b strings.Builder
	line := func(name, value, note string) {
		text := fmt.Sprintf("  %-11s %-34s %s", name, value, note)
		fmt.Fprintln(&b, strings.TrimRight(text, " "))
	}
	fmt.Fprintf(&b, "\nPaygate is ready, after %s. Ctrl-C stops it.\n\n", shortened(t.took))

	line("API", t.api+"/api/v1", "contract: "+t.api+"/openapi.yaml")
	line("Dashboard", t.dashboard, t.signIn())
	line("Checkout", t.checkout+"/checkout.js", "try it in the demo shop: "+t.shop)
	line("Webhooks", t.receiver, "what the demo merchant receives, signatures checked")
	if t.admin != "" {
		line("Admin", t.admin, "health, profiles")
	}
	line("Workers", workersWord(t.readiness.Workers), "payments, refunds, webhooks")
	line("Postgres", brought(t.embeddedPostgres, "embedded", "DATABASE_URL"), t.postgresNote())
	line("Redis", brought(t.embeddedRedis, "in-process", "REDIS_URL"), missingWord(t.readiness.Redis))
	line("Log", devLog, "")

	keysNote, credentials := "", " -u "+demoKey+":"+demoSecret
	if t.sandboxOpen {
		keysNote, credentials = "   (a request without keys is the demo merchant's too)", ""
	}
	fmt.Fprintf(&b, "\n  Demo keys   %s / %s%s\n", demoKey, demoSecret, keysNote)
	if t.exposed {
		b.WriteString("\n  Other machines can reach this API, and everybody knows these keys.\n")
	}
	fmt.Fprintf(&b, `
Try a payment:

  curl -X POST %s/api/v1/payments%s \
    -H "Content-Type: application/json" -H "Idempotency-Key: first" \
    -d '{"amount": 50000, "currency": "INR"}'

Its webhooks appear here:

`, t.api, credentials)
	return b.String()
}

// signIn says who can sign in to the dashboard.
func (t *tour) signIn() string {
	if t.password == "" {
		return "nobody can sign in yet: see paygate users --help"
	}
	return "sign in as " + demoEmail + " with " + t.password
}

func (t *tour) postgresNote() string {
	if !t.embeddedPostgres {
		return ""
	}
	return "data in " + devPostgresDir
}

func workersWord(state string) string {
	if state == "ok" {
		return "running"
	}
	return "starting" // the log tells why it takes so long
}

func missingWord(state string) string {
	if state == "ok" {
		return ""
	}
	return "does not answer"
}

func brought(embedded bool, own, setting string) string {
	if embedded {
		return own
	}
	return "that of " + setting
}

func shortened(d time.Duration) string {
	return fmt.Sprintf("%.1f s", d.Seconds())
}
