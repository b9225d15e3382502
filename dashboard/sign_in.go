package dashboard

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/wire"
)

// How many sign-ins may fail in a window: for one account, and from one address. Behind a proxy everybody
// has the proxy's address, so that bound is wide.
const (
	failureWindow      = 15 * time.Minute
	failuresPerAccount = 10
	failuresPerAddress = 200
)

// nobody is a password that no account has, compared with when there is no account: so that the time an
// answer takes does not tell which e-mails exist.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

type personView struct {
	Email    string `json:"email"`
	Role     string `json:"role"`
	Operator bool   `json:"operator"`
	Merchant string `json:"merchant"`
	// MerchantID is what the documents call the merchant by.
	MerchantID string `json:"merchant_id"`
}

func show(p *Person) personView {
	return personView{Email: p.Email, Role: p.Role, Operator: p.Operator, Merchant: p.MerchantName, MerchantID: p.MerchantID.String()}
}

func (s *Server) me(c *call) (any, error) { return show(c.person), nil }

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	cookie, err := s.checkSignIn(r)
	if err != nil {
		s.failed(r, err)
		refuse(w, r, err)
		return
	}
	http.SetCookie(w, cookie)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) checkSignIn(r *http.Request) (*http.Cookie, error) {
	var req struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := decode(r, &req); err != nil {
		return nil, err
	}
	email := strings.ToLower(strings.TrimSpace(req.Email))
	account, address := bucket("account:"+email), bucket("address:"+addressOf(r))
	if err := errors.Join(s.checkFailures(r.Context(), account, failuresPerAccount), s.checkFailures(r.Context(), address, failuresPerAddress)); err != nil {
		return nil, err
	}
	user, err := dbsqlc.New().DashboardUserByEmail(r.Context(), s.DB, email)
	stored := nobody
	switch {
	case err == nil:
		stored = user.PasswordHash
	case !errors.Is(err, pgx.ErrNoRows):
		return nil, fmt.Errorf("error looking up a user: %w", err)
	}
	matches, err := passwordMatches(r.Context(), req.Password, stored)
	if err != nil {
		return nil, err
	}
	if !matches || stored == nobody {
		if err := errors.Join(s.countFailure(r.Context(), account), s.countFailure(r.Context(), address)); err != nil {
			return nil, err
		}
		return nil, fault.New(fault.CredentialsInvalid, "The e-mail or the password is wrong.")
	}
	var cookie *http.Cookie
	err = db.InTx(r.Context(), s.DB, func(tx pgx.Tx) (err error) {
		if err := dbsqlc.New().DashboardFailureForget(r.Context(), tx, &dbsqlc.DashboardFailureForgetParams{
			Bucket: account, Since: s.Now().Add(-failureWindow),
		}); err != nil {
			return fmt.Errorf("error forgetting failed sign-ins: %w", err)
		}
		if err := s.note(r, tx, &Person{MerchantID: user.MerchantID, Email: user.Email}, "signed_in", ""); err != nil {
			return err
		}
		cookie, err = s.Sessions.begin(r.Context(), tx, user.ID)
		return err
	})
	return cookie, err
}

// bucket names what failures are counted for, without storing what somebody typed into the wrong field.
func bucket(name string) []byte {
	sum := sha256.Sum256([]byte(name))
	return sum[:]
}

func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (s *Server) checkFailures(ctx context.Context, bucket []byte, most int32) error {
	failures, err := dbsqlc.New().DashboardFailures(ctx, s.DB, &dbsqlc.DashboardFailuresParams{Bucket: bucket, Since: s.Now().Add(-failureWindow)})
	if err != nil {
		return fmt.Errorf("error counting failed sign-ins: %w", err)
	}
	if failures >= most {
		return fault.New(fault.RateLimited, "Too many sign-ins have failed. Try again in a quarter of an hour.").After(failureWindow)
	}
	return nil
}

func (s *Server) countFailure(ctx context.Context, bucket []byte) error {
	now := s.Now()
	if err := dbsqlc.New().DashboardFailureCount(ctx, s.DB, &dbsqlc.DashboardFailureCountParams{
		Bucket: bucket, Now: now, WindowSince: now.Add(-failureWindow),
	}); err != nil {
		return fmt.Errorf("error counting a failed sign-in: %w", err)
	}
	return nil
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request) {
	if hash := s.Sessions.token(r); hash != nil {
		if err := dbsqlc.New().DashboardSessionDelete(r.Context(), s.DB, hash); err != nil {
			err = fmt.Errorf("error ending a session: %w", err)
			s.failed(r, err)
			refuse(w, r, err)
			return
		}
	}
	http.SetCookie(w, s.Sessions.cookie("", -1))
	w.WriteHeader(http.StatusNoContent)
}

// changePassword ends every session of the person, this one included.
func (s *Server) changePassword(c *call) (any, error) {
	var req struct {
		Current string `json:"current"`
		New     string `json:"new"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	user, err := dbsqlc.New().DashboardUserByEmail(c.Context(), s.DB, c.person.Email)
	if err != nil {
		return nil, fmt.Errorf("error looking up a user: %w", err)
	}
	account := bucket("account:" + c.person.Email)
	if err := s.checkFailures(c.Context(), account, failuresPerAccount); err != nil {
		return nil, err
	}
	matches, err := passwordMatches(c.Context(), req.Current, user.PasswordHash)
	if err != nil {
		return nil, err
	}
	if !matches {
		if err := s.countFailure(c.Context(), account); err != nil {
			return nil, err
		}
		return nil, fault.On(fault.InvalidValue, "current", "This is not your present password.")
	}
	if err := CheckPassword(req.New); err != nil {
		return nil, err
	}
	hash, err := HashPassword(c.Context(), req.New)
	if err != nil {
		return nil, err
	}
	return nil, db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		if err := SetPassword(c.Context(), tx, user.ID, hash, s.Now()); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "password_changed", "")
	})
}

// note writes a line of the audit log.
func (s *Server) note(r *http.Request, tx dbsqlc.DBTX, who *Person, action, target string) error {
	if err := dbsqlc.New().DashboardAuditInsert(r.Context(), tx, &dbsqlc.DashboardAuditInsertParams{
		MerchantID: who.MerchantID, Actor: who.Email, Action: action, Target: target, Address: addressOf(r), CreatedAt: s.Now(),
	}); err != nil {
		return fmt.Errorf("error writing the audit log: %w", err)
	}
	return nil
}

type auditView struct {
	ID        int64     `json:"id"`
	Actor     string    `json:"actor"`
	Action    string    `json:"action"`
	Target    string    `json:"target"`
	Address   string    `json:"address"`
	CreatedAt wire.Time `json:"created_at"`
}

// auditPage is how many lines of the audit log are shown.
const auditPage = 100

func (s *Server) listAudit(c *call) (any, error) {
	rows, err := dbsqlc.New().DashboardAuditList(c.Context(), s.DB, &dbsqlc.DashboardAuditListParams{MerchantID: c.person.MerchantID, RowLimit: auditPage})
	if err != nil {
		return nil, fmt.Errorf("error reading the audit log: %w", err)
	}
	lines := make([]auditView, len(rows))
	for i, row := range rows {
		lines[i] = auditView{row.ID, row.Actor, row.Action, row.Target, row.Address, wire.Time(row.CreatedAt)}
	}
	return lines, nil
}
