package dashboard

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/merchants"
)

// How long a session lasts: since it was last used, and at most.
const (
	sessionIdle     = time.Hour
	sessionAbsolute = 12 * time.Hour
	// sessionTouch is how exactly the last use is known; each write costs.
	sessionTouch = time.Minute
)

// The roles of people, from the most to the least that they may do.
const (
	RoleOwner     = "owner"     // everything, people included
	RoleDeveloper = "developer" // everything but people
	RoleViewer    = "viewer"    // look
)

// Roles lists them.
var Roles = []string{RoleOwner, RoleDeveloper, RoleViewer}

// Person is who is signed in.
type Person struct {
	UserID       uuid.UUID
	MerchantID   uuid.UUID
	MerchantName string
	Email        string
	Role         string
	// Operator may see the gateway's own works: River UI.
	Operator bool
}

func (p *Person) may(needs access) error {
	switch {
	case needs == owners && p.Role != RoleOwner:
		return fault.New(fault.Forbidden, "Only an owner may do this.")
	case needs == developers && p.Role == RoleViewer:
		return fault.New(fault.Forbidden, "A viewer may look but not change anything. Ask an owner for the role of a developer.")
	}
	return nil
}

// Sessions keeps who is signed in, in Postgres: a session can be taken back at any moment.
type Sessions struct {
	DB  *pgxpool.Pool
	Now func() time.Time
	// Secure lets the cookie go over TLS alone. Browsers would then drop it on plain HTTP: only in development
	// may it be off.
	Secure bool
	// Prefix is that of Options.
	Prefix string
}

// cookie has the prefix that makes browsers refuse it from anything but this very host, over TLS (RFC 6265bis).
func (s *Sessions) cookie(value string, age int) *http.Cookie {
	name, path := "paygate_session", s.Prefix+"/"
	if s.Secure {
		name = "__Secure-" + name
		if s.Prefix == "" {
			name = "__Host-paygate_session"
		}
	}
	//nolint:gosec // Secure everywhere but in development, which has no TLS
	return &http.Cookie{Name: name, Value: value, Path: path, MaxAge: age, HttpOnly: true, Secure: s.Secure, SameSite: http.SameSiteLaxMode}
}

// begin signs somebody in and returns the cookie for it.
func (s *Sessions) begin(ctx context.Context, tx dbsqlc.DBTX, userID uuid.UUID) (*http.Cookie, error) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // crypto/rand never fails (Go 1.24)
	token := base64.RawURLEncoding.EncodeToString(secret)
	now := s.Now()
	if err := dbsqlc.New().DashboardSessionExpire(ctx, tx, now); err != nil {
		return nil, fmt.Errorf("error removing old sessions: %w", err)
	}
	if err := dbsqlc.New().DashboardSessionInsert(ctx, tx, &dbsqlc.DashboardSessionInsertParams{
		TokenHash: tokenHash(token), UserID: userID, Now: now, ExpiresAt: now.Add(sessionAbsolute),
	}); err != nil {
		return nil, fmt.Errorf("error storing a session: %w", err)
	}
	return s.cookie(token, int(sessionAbsolute/time.Second)), nil
}

// token is the hash of the session that a request carries, nil for none.
func (s *Sessions) token(r *http.Request) []byte {
	cookie, err := r.Cookie(s.cookie("", 0).Name)
	if err != nil {
		return nil
	}
	return tokenHash(cookie.Value)
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Person finds who is signed in; it fails with credentials_missing.
func (s *Sessions) Person(r *http.Request) (*Person, error) {
	hash := s.token(r)
	if hash == nil {
		return nil, signedOut()
	}
	now := s.Now()
	row, err := dbsqlc.New().DashboardSessionGet(r.Context(), s.DB, &dbsqlc.DashboardSessionGetParams{
		TokenHash: hash, Now: now, IdleSince: now.Add(-sessionIdle),
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, signedOut()
	}
	if err != nil {
		return nil, fmt.Errorf("error reading a session: %w", err)
	}
	if now.Sub(row.LastSeenAt) > sessionTouch {
		if err := dbsqlc.New().DashboardSessionTouch(r.Context(), s.DB, &dbsqlc.DashboardSessionTouchParams{TokenHash: hash, Now: now}); err != nil {
			return nil, fmt.Errorf("error noting that a session is used: %w", err)
		}
	}
	return &Person{
		UserID: row.UserID, MerchantID: row.MerchantID, MerchantName: row.MerchantName, Email: row.Email, Role: row.Role, Operator: row.Operator,
	}, nil
}

func signedOut() error {
	return fault.New(fault.CredentialsMissing, "You are not signed in, or were for too long. Sign in again.")
}

// Caller is Person for the REST API: a viewer may only read.
func (s *Sessions) Caller(r *http.Request) (merchants.Caller, error) {
	person, err := s.Person(r)
	if err != nil {
		return merchants.Caller{}, err
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if err := person.may(developers); err != nil {
			return merchants.Caller{}, err
		}
	}
	return merchants.Caller{MerchantID: person.MerchantID}, nil
}
