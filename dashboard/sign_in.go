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
	// APIURL and CheckoutURL are what snippets are filled in with; empty where nobody has told.
	APIURL      string `json:"api_url"`
	CheckoutURL string `json:"checkout_url"`
	ShopURL     string `json:"shop_url"`
}

func (s *Server) me(c *call) (any, error) {
	p := c.person
	return personView{
		Email: p.Email, Role: p.Role, Operator: p.Operator, Merchant: p.MerchantName, MerchantID: p.MerchantID.String(),
		APIURL: s.APIURL, CheckoutURL: s.CheckoutURL, ShopURL: s.ShopURL,
	}, nil
}

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
	if err := errors.Join(s.claimAttempt(r.Context(), account, failuresPerAccount), s.claimAttempt(r.Context(), address, failuresPerAddress)); err != nil {
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
	person := &Person{MerchantID: user.MerchantID, Email: user.Email}
	if !matches || stored == nobody {
		if stored != nobody {
			if err := s.note(r, s.DB, person, "sign_in_failed", ""); err != nil {
				return nil, err
			}
		}
		return nil, fault.New(fault.CredentialsInvalid, "The e-mail or the password is wrong.")
	}
	if err := dbsqlc.New().DashboardAttemptExpire(r.Context(), s.DB, s.Now().Add(-failureWindow)); err != nil {
		return nil, fmt.Errorf("error removing old attempts: %w", err)
	}
	var cookie *http.Cookie
	err = db.InTx(r.Context(), s.DB, func(tx pgx.Tx) (err error) {
		if err := errors.Join(s.forgive(r.Context(), tx, account, true), s.forgive(r.Context(), tx, address, false)); err != nil {
			return err
		}
		if err := s.note(r, tx, person, "signed_in", ""); err != nil {
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

// claimAttempt counts an attempt to give a password as a failure, until it is forgiven, and refuses it when there
// have been too many: attempts that come at the same time are no more than the bound, either.
func (s *Server) claimAttempt(ctx context.Context, bucket []byte, most int32) error {
	now := s.Now()
	counted, err := dbsqlc.New().DashboardAttemptClaim(ctx, s.DB, &dbsqlc.DashboardAttemptClaimParams{
		Bucket: bucket, Now: now, WindowSince: now.Add(-failureWindow),
	})
	if err != nil {
		return fmt.Errorf("error counting an attempt: %w", err)
	}
	if counted.Failures > most {
		return fault.New(fault.RateLimited, "Too many sign-ins have failed. Try again in a quarter of an hour.").After(counted.Since.Add(failureWindow).Sub(now))
	}
	return nil
}

// forgive takes back the attempt that was counted last, because it was right; with everything, those before it too.
func (s *Server) forgive(ctx context.Context, tx dbsqlc.DBTX, bucket []byte, everything bool) error {
	if err := dbsqlc.New().DashboardAttemptForgive(ctx, tx, &dbsqlc.DashboardAttemptForgiveParams{Bucket: bucket, Everything: everything}); err != nil {
		return fmt.Errorf("error forgiving an attempt: %w", err)
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
	if err := s.claimAttempt(c.Context(), account, failuresPerAccount); err != nil {
		return nil, err
	}
	matches, err := passwordMatches(c.Context(), req.Current, user.PasswordHash)
	if err != nil {
		return nil, err
	}
	if !matches {
		return nil, fault.On(fault.InvalidValue, "current", "This is not your present password.")
	}
	if err := s.forgive(c.Context(), s.DB, account, true); err != nil {
		return nil, err
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
