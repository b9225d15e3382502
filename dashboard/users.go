package dashboard

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgerrcode"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"paygate/db"
	"paygate/db/dbsqlc"
	"paygate/fault"
	"paygate/wire"
)

// NewUser describes somebody who is to sign in.
type NewUser struct {
	MerchantID uuid.UUID
	Email      string
	Role       string
	Operator   bool
	Password   string
}

// CreateUser lets somebody sign in. It fails with invalid_value.
func CreateUser(ctx context.Context, tx dbsqlc.DBTX, user NewUser, now time.Time) error {
	email := strings.ToLower(strings.TrimSpace(user.Email))
	if address, err := mail.ParseAddress(email); err != nil || address.Address != email {
		return fault.On(fault.InvalidValue, "email", "This is no e-mail address.")
	}
	if !slices.Contains(Roles, user.Role) {
		return fault.On(fault.InvalidValue, "role", "role must be one of %s.", strings.Join(Roles, ", "))
	}
	if err := CheckPassword(user.Password); err != nil {
		return err
	}
	hash, err := HashPassword(ctx, user.Password)
	if err != nil {
		return err
	}
	err = dbsqlc.New().DashboardUserInsert(ctx, tx, &dbsqlc.DashboardUserInsertParams{
		ID: uuid.New(), MerchantID: user.MerchantID, Email: email, Role: user.Role, Operator: user.Operator, PasswordHash: hash, Now: now,
	})
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == pgerrcode.UniqueViolation {
		return fault.On(fault.InvalidValue, "email", "Somebody with this e-mail can sign in already.")
	}
	if err != nil {
		return fmt.Errorf("error storing a user: %w", err)
	}
	return nil
}

// SetPassword stores the hash of a new password and ends every session of the user.
func SetPassword(ctx context.Context, tx dbsqlc.DBTX, userID uuid.UUID, hash string, now time.Time) error {
	if _, err := dbsqlc.New().DashboardUserSetPassword(ctx, tx, &dbsqlc.DashboardUserSetPasswordParams{ID: userID, PasswordHash: hash, Now: now}); err != nil {
		return fmt.Errorf("error storing a password: %w", err)
	}
	if err := dbsqlc.New().DashboardSessionDeleteOfUser(ctx, tx, userID); err != nil {
		return fmt.Errorf("error ending the sessions of a user: %w", err)
	}
	return nil
}

// GeneratePassword makes one of 100 random bits that can be read out loud.
func GeneratePassword() string {
	random := make([]byte, 15)
	_, _ = rand.Read(random) // crypto/rand never fails (Go 1.24)
	text := strings.ToLower(base32.StdEncoding.EncodeToString(random))[:20]
	return strings.Join([]string{text[:5], text[5:10], text[10:15], text[15:]}, "-")
}

type userView struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Role      string    `json:"role"`
	Operator  bool      `json:"operator"`
	CreatedAt wire.Time `json:"created_at"`
}

func (s *Server) listUsers(c *call) (any, error) {
	rows, err := dbsqlc.New().DashboardUserList(c.Context(), s.DB, c.person.MerchantID)
	if err != nil {
		return nil, fmt.Errorf("error listing users: %w", err)
	}
	users := make([]userView, len(rows))
	for i, row := range rows {
		users[i] = userView{row.ID.String(), row.Email, row.Role, row.Operator, wire.Time(row.CreatedAt)}
	}
	return users, nil
}

// createUser makes the password, which only this answer shows: whoever adds a person hands it over, and the
// person changes it.
func (s *Server) createUser(c *call) (any, error) {
	var req struct {
		Email string `json:"email"`
		Role  string `json:"role"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	password := GeneratePassword()
	err := db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		if err := CreateUser(c.Context(), tx, NewUser{MerchantID: c.person.MerchantID, Email: req.Email, Role: req.Role, Password: password}, s.Now()); err != nil {
			return err
		}
		return s.note(c.Request, tx, c.person, "user_added", req.Email)
	})
	if err != nil {
		return nil, err
	}
	return map[string]string{"password": password}, nil
}

func (s *Server) setRole(c *call) (any, error) {
	var req struct {
		Role string `json:"role"`
	}
	if err := decode(c.Request, &req); err != nil {
		return nil, err
	}
	if !slices.Contains(Roles, req.Role) {
		return nil, fault.On(fault.InvalidValue, "role", "role must be one of %s.", strings.Join(Roles, ", "))
	}
	return nil, s.changeUser(c, "role_changed", func(tx pgx.Tx, id uuid.UUID) (int64, error) {
		return dbsqlc.New().DashboardUserSetRole(c.Context(), tx, &dbsqlc.DashboardUserSetRoleParams{MerchantID: c.person.MerchantID, ID: id, Role: req.Role, Now: s.Now()})
	})
}

func (s *Server) removeUser(c *call) (any, error) {
	return nil, s.changeUser(c, "user_removed", func(tx pgx.Tx, id uuid.UUID) (int64, error) {
		return dbsqlc.New().DashboardUserDelete(c.Context(), tx, &dbsqlc.DashboardUserDeleteParams{MerchantID: c.person.MerchantID, ID: id})
	})
}

// changeUser makes sure that an owner is left afterwards.
func (s *Server) changeUser(c *call, action string, change func(tx pgx.Tx, id uuid.UUID) (int64, error)) error {
	missing := fault.New(fault.NotFound, "There is nobody with this id.")
	id, err := uuid.Parse(c.PathValue("id"))
	if err != nil {
		return missing
	}
	return db.InTx(c.Context(), s.DB, func(tx pgx.Tx) error {
		if _, err := dbsqlc.New().DashboardOwnerLock(c.Context(), tx, c.person.MerchantID); err != nil {
			return fmt.Errorf("error locking owners: %w", err)
		}
		changed, err := change(tx, id)
		if err != nil {
			return fmt.Errorf("error changing a user: %w", err)
		}
		if changed == 0 {
			return missing
		}
		left, err := dbsqlc.New().DashboardOwnerLock(c.Context(), tx, c.person.MerchantID)
		if err != nil {
			return fmt.Errorf("error counting owners: %w", err)
		}
		if len(left) == 0 {
			return fault.New(fault.InvalidValue, "This is the last owner. Make somebody else an owner first.")
		}
		return s.note(c.Request, tx, c.person, action, id.String())
	})
}

// EnsureUser makes the user, or gives the one of this e-mail the password when it has another.
func EnsureUser(ctx context.Context, tx dbsqlc.DBTX, user NewUser, now time.Time) error {
	found, err := dbsqlc.New().DashboardUserByEmail(ctx, tx, user.Email)
	if errors.Is(err, pgx.ErrNoRows) {
		return CreateUser(ctx, tx, user, now)
	}
	if err != nil {
		return fmt.Errorf("error looking up a user: %w", err)
	}
	matches, err := passwordMatches(ctx, user.Password, found.PasswordHash)
	if err != nil || matches {
		return err
	}
	hash, err := HashPassword(ctx, user.Password)
	if err != nil {
		return err
	}
	return SetPassword(ctx, tx, found.ID, hash, now)
}
