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

	"paygate/dashboard"
	"paygate/db/dbsqlc"
)

type usersCommand struct {
	databaseSettings `embed:"" group:"Storage"`
	Action           string `arg:"" enum:"create" help:"What to do: create."`
	Email            string `name:"email" required:"" help:"E-mail that the person signs in with."`
	Role             string `name:"role" default:"viewer" help:"What the person may do: owner, developer or viewer."`
	Operator         bool   `name:"operator" help:"Let the person into River UI too, which shows the works of the whole gateway."`
	Merchant         string `name:"merchant" required:"" help:"The merchant whom the person works for, by id or e-mail."`
	PasswordStdin    bool   `name:"password-stdin" help:"Read the password from standard input, instead of making one and printing it."`
}

func (c *usersCommand) run(ctx context.Context, out streams) error {
	pool, err := c.open(ctx, "users", false)
	if err != nil {
		return err
	}
	defer pool.Close()
	merchantID, err := uuid.Parse(c.Merchant)
	if err != nil {
		found, err := dbsqlc.New().DashboardMerchantByEmail(ctx, pool, c.Merchant)
		if errors.Is(err, pgx.ErrNoRows) {
			return usagef("there is no merchant %s", c.Merchant)
		}
		if err != nil {
			return fmt.Errorf("error looking up the merchant: %w", err)
		}
		merchantID = found.ID
	}
	password := dashboard.GeneratePassword()
	if c.PasswordStdin {
		if password, err = bufio.NewReader(os.Stdin).ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("error reading the password: %w", err)
		}
		password = strings.TrimRight(password, "\r\n")
	}
	if err := dashboard.CreateUser(ctx, pool, dashboard.NewUser{
		MerchantID: merchantID, Email: c.Email, Role: c.Role, Operator: c.Operator, Password: password,
	}, now()); err != nil {
		return err
	}
	if c.PasswordStdin {
		return say(out.out, "%s can sign in as %s.\n", c.Email, c.Role)
	}
	return say(out.out, "%s can sign in as %s, with the password %s\n", c.Email, c.Role, password)
}
