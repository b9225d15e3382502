// Package ids makes the identifiers of all records: a prefix that names the kind
// and a UUIDv7 (RFC 9562) in lower-case Crockford base 32, so that ids sort by the
// time they were made, within one process strictly.
package ids

import (
	"encoding/base32"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Prefix names the kind of record that an id belongs to.
type Prefix string

// One prefix for each kind.
const (
	Order    Prefix = "order_"
	Payment  Prefix = "pay_"
	Refund   Prefix = "rfnd_"
	Event    Prefix = "evt_"
	Endpoint Prefix = "we_"
	Delivery Prefix = "whd_"
	Task     Prefix = "wht_"
	Transfer Prefix = "txn_"
	Request  Prefix = "req_"
)

// Crockford's alphabet keeps the order of the bytes that it encodes.
var crockford = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Before returns a text that sorts between the ids that New made before a time and those it makes from then
// on, exact to the millisecond.
func Before(p Prefix, at time.Time) string {
	var u uuid.UUID
	ms := at.UnixMilli()
	for i := range 6 {
		u[i] = byte(ms >> (8 * (5 - i))) //nolint:gosec // one byte of the number at a time
	}
	return string(p) + crockford.EncodeToString(u[:])
}

// MaxLength bounds what Valid accepts; made ids are shorter.
const MaxLength = 64

// New returns a fresh id.
func New(p Prefix) string {
	u := uuid.Must(uuid.NewV7()) // fails only when the system has no randomness left
	return string(p) + crockford.EncodeToString(u[:])
}

// Valid tells whether id could name a record of this kind. It is looser than New
// on purpose: demo data has readable ids such as order_xyz.
func Valid(p Prefix, id string) bool {
	rest, ok := strings.CutPrefix(id, string(p))
	if !ok || rest == "" || len(id) > MaxLength {
		return false
	}
	for i := range len(rest) {
		c := rest[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
