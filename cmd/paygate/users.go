package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/dashboard"
	"paygate/db/dbsqlc"
)

// usersCommand is who may sign in to the dashboard.
type usersCommand struct {
	Create   usersCreate   `cmd:"" help:"Let somebody sign in, and print the password."`
	List     usersList     `cmd:"" help:"List everybody who can sign in."`
	Password usersPassword `cmd:"" help:"Give somebody another password, and print it. Every session of theirs ends."`
	Remove   usersRemove   `cmd:"" help:"Let somebody sign in no more. Every session of theirs ends."`
}

// usersActor is whom the audit log names for what is done here.
const usersActor = "paygate users"

// newPassword is what the commands that set one take.
type newPassword struct {
	Stdin bool `name:"password-stdin" help:"Read the password from standard input, instead of making one and printing it."`
}

// read returns the password, and what to say of it after the sentence that tells what was done.
func (p newPassword) read() (password, note string, err error) {
	if !p.Stdin {
		password = dashboard.GeneratePassword()
		return password, ", with the password " + password, nil
	}
	if password, err = bufio.NewReader(os.Stdin).ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
		return "", "", fmt.Errorf("error reading the password: %w", err)
	}
	return strings.TrimRight(password, "\r\n"), "", nil
}

type usersCreate struct {
	databaseSettings `embed:"" group:"Storage"`
	Email            string `name:"email" required:"" help:"E-mail that the person signs in with."`
	Role             string `name:"role" default:"viewer" enum:"owner,developer,viewer" help:"What the person may do: owner, developer or viewer."`
	Operator         bool   `name:"operator" help:"Let the person into River UI too, which shows the works of the whole gateway."`
	Merchant         string `name:"merchant" required:"" help:"The merchant whom the person works for, by id or e-mail."`
	newPassword      `embed:""`
}

func (c *usersCreate) run(ctx context.Context, out streams) error {
	pool, err := c.open(ctx, "users", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	merchantID, err := findMerchant(ctx, pool, c.Merchant)
	if err != nil {
		return err
	}
	password, note, err := c.read()
	if err != nil {
		return err
	}
	if err := dashboard.CreateUser(ctx, pool, dashboard.NewUser{
		MerchantID: merchantID, Email: c.Email, Role: c.Role, Operator: c.Operator, Password: password,
	}, now()); err != nil {
		return err
	}
	return say(out.out, "%s can sign in as %s%s\n", c.Email, c.Role, note)
}

// findMerchant takes an id or an e-mail.
func findMerchant(ctx context.Context, pool *pgxpool.Pool, name string) (uuid.UUID, error) {
	if id, err := uuid.Parse(name); err == nil {
		_, err := dbsqlc.New().DashboardMerchant(ctx, pool, id)
		return id, missingMerchant(err, name)
	}
	found, err := dbsqlc.New().DashboardMerchantByEmail(ctx, pool, name)
	return found.ID, missingMerchant(err, name)
}

func missingMerchant(err error, name string) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return usagef("there is no merchant %s", name)
	default:
		return fmt.Errorf("error looking up the merchant: %w", err)
	}
}

type usersList struct {
	databaseSettings `embed:"" group:"Storage"`
}

func (c *usersList) run(ctx context.Context, out streams) error {
	pool, err := c.open(ctx, "users", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	users, err := dbsqlc.New().DashboardUserListAll(ctx, pool)
	if err != nil {
		return fmt.Errorf("error listing users: %w", err)
	}
	for _, user := range users {
		operator := ""
		if user.Operator {
			operator = ", operator"
		}
		if err := say(out.out, "%s: %s of %s%s, since %s\n", user.Email, user.Role, user.MerchantEmail, operator, user.CreatedAt.UTC().Format("2006-01-02")); err != nil {
			return err
		}
	}
	return nil
}

type usersPassword struct {
	databaseSettings `embed:"" group:"Storage"`
	Email            string `name:"email" required:"" help:"E-mail that the person signs in with."`
	newPassword      `embed:""`
}

func (c *usersPassword) run(ctx context.Context, out streams) error {
	pool, err := c.open(ctx, "users", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	password, note, err := c.read()
	if err != nil {
		return err
	}
	if err := dashboard.ResetPassword(ctx, pool, c.Email, password, usersActor, now()); err != nil {
		return err
	}
	return say(out.out, "%s can sign in again%s\n", c.Email, note)
}

type usersRemove struct {
	databaseSettings `embed:"" group:"Storage"`
	Email            string `name:"email" required:"" help:"E-mail that the person signs in with."`
}

func (c *usersRemove) run(ctx context.Context, out streams) error {
	pool, err := c.open(ctx, "users", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := dashboard.RemoveUser(ctx, pool, c.Email, usersActor, now()); err != nil {
		return err
	}
	return say(out.out, "%s cannot sign in any more.\n", c.Email)
}
