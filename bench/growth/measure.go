package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"paygate/db/local/process"
)

// question is one thing that a page asks. %s takes the id of something of the merchant's, another one each time; of is what it is.
type question struct {
	name, path, of string
}

// bound is that of 95 answers of 100, to whatever is asked.
const bound = 50 * time.Millisecond

var questions = []question{
	{"payments, newest", "/api/v1/payments?limit=25", ""},
	{"payments, any page", "/api/v1/payments?limit=25&starting_after=%s", "pay_"},
	{"payments, back a page", "/api/v1/payments?limit=25&ending_before=%s", "pay_"},
	{"payments that failed", "/api/v1/payments?limit=25&status=failed", ""},
	{"payments by card, any page", "/api/v1/payments?limit=25&method=card&starting_after=%s", "pay_"},
	{"payments of an order", "/api/v1/payments?limit=25&order_id=%s", "order_"},
	{"one payment", "/api/v1/payments/%s", "pay_"},
	{"events of a payment", "/api/v1/events?limit=100&payment_id=%s", "pay_"},
	{"deliveries of a payment", "/api/v1/webhooks/logs?limit=100&payment_id=%s", "pay_"},
	{"refunds of a payment", "/api/v1/refunds?limit=100&payment_id=%s", "pay_"},
	{"ledger of a payment", "/api/v1/balance/transactions?limit=100&payment_id=%s", "pay_"},
	{"refunds, newest", "/api/v1/refunds?limit=25", ""},
	{"orders, newest", "/api/v1/orders?limit=25", ""},
	{"orders, any page", "/api/v1/orders?limit=25&starting_after=%s", "order_"},
	{"events, newest", "/api/v1/events?limit=25", ""},
	{"events of a type", "/api/v1/events?limit=25&type=payment.failed", ""},
	{"deliveries, newest", "/api/v1/webhooks/logs?limit=25", ""},
	{"deliveries that are exhausted", "/api/v1/webhooks/logs?limit=25&status=exhausted", ""},
	{"deliveries of an endpoint", "/api/v1/webhooks/logs?limit=25&endpoint_id=we_3", ""},
	{"payments that are authorized, when none is", "/api/v1/payments?limit=25&status=authorized", ""},
	{"payments that are pending, when none is", "/api/v1/payments?limit=25&status=pending", ""},
	{"payments of a method that none has", "/api/v1/payments?limit=25&method=netbanking", ""},
	{"orders that are created, when none is", "/api/v1/orders?limit=25&status=created", ""},
	{"refunds that failed, when none has", "/api/v1/refunds?limit=25&status=failed", ""},
	{"events of a type that none has", "/api/v1/events?limit=25&type=payment.canceled", ""},
	{"deliveries that are paused, when none is", "/api/v1/webhooks/logs?limit=25&status=paused", ""},
	{"deliveries that are pending, when none is", "/api/v1/webhooks/logs?limit=25&status=pending", ""},
	{"deliveries of a type that none has", "/api/v1/webhooks/logs?limit=25&event_type=payment.created", ""},
	{"deliveries of an endpoint that has none", "/api/v1/webhooks/logs?limit=25&endpoint_id=we_none", ""},
	{"balance transactions of a kind that none has", "/api/v1/balance/transactions?limit=25&type=refund", ""},
	{"balance transactions of a currency that none has", "/api/v1/balance/transactions?limit=25&currency=USD", ""},
	{"balance", "/api/v1/balance", ""},
	{"balance transactions, newest", "/api/v1/balance/transactions?limit=25", ""},
	{"home, a day", "/data/home?period=24h&zone=Asia/Kolkata", ""},
	{"home, 90 days", "/data/home?period=90d&zone=Asia/Kolkata", ""},
}

func (o options) measure(ctx context.Context, databaseURL string, out io.Writer) error {
	gateway, base, err := o.startGateway(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = errors.Join(err, gateway.Stop(stopping, 20*time.Second, syscall.SIGTERM))
	}()
	pool, err := pgxpool.New(ctx, databaseURL)
	if err != nil {
		return fmt.Errorf("error connecting: %w", err)
	}
	defer pool.Close()
	begin := time.Now()
	if err := awaitSums(ctx, pool); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "figures were summed after %s\n\n| question | p50 ms | p95 ms | p99 ms |\n|---|---:|---:|---:|\n", time.Since(begin).Round(time.Second)); err != nil {
		return err
	}
	paid, err := someOrders(ctx, pool)
	if err != nil {
		return err
	}
	client, err := signIn(ctx, base, filepath.Join(o.folder, "run"))
	if err != nil {
		return err
	}
	var slow []string
	for _, q := range questions {
		took, err := ask(ctx, client, base, q, paid, o.rounds)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(out, "| %s | %.1f | %.1f | %.1f |\n", q.name, ms(took, .5), ms(took, .95), ms(took, .99)); err != nil {
			return err
		}
		if p95 := took[len(took)*95/100]; p95 > bound {
			slow = append(slow, q.name)
		}
	}
	if slow != nil {
		return fmt.Errorf("slower than %s at p95: %s", bound, strings.Join(slow, "; "))
	}
	return nil
}

// someOrders are ids, without what they begin with, that an order of the big merchant and its payment have in common.
func someOrders(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	rows, err := pool.Query(ctx, `SELECT substr(id, length('order_') + 1) FROM orders TABLESAMPLE SYSTEM (5) WHERE merchant_id = $1 LIMIT 20000`, bigMerchant)
	if err != nil {
		return nil, fmt.Errorf("error choosing orders: %w", err)
	}
	paid, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err == nil && len(paid) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return nil, fmt.Errorf("error choosing orders: %w", err)
	}
	return paid, nil
}

// ask asks one question again and again and returns how long the answers took, sorted. The first few, which find a
// connection without plans, are left out.
func ask(ctx context.Context, client *http.Client, base string, q question, paid []string, rounds int) ([]time.Duration, error) {
	const warm = 6 // as many as pgx and Postgres make plans of their own for
	var took []time.Duration
	for n := range rounds + warm {
		path := q.path
		if q.of != "" {
			path = fmt.Sprintf(q.path, q.of+paid[rand.IntN(len(paid))]) //nolint:gosec // which payment is no secret
		}
		begin := time.Now()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+path, nil)
		if err != nil {
			return nil, fmt.Errorf("error making a request: %w", err)
		}
		answer, err := client.Do(request)
		if err != nil {
			return nil, fmt.Errorf("error asking: %w", err)
		}
		text, err := io.ReadAll(answer.Body)
		if err := errors.Join(err, answer.Body.Close()); err != nil {
			return nil, fmt.Errorf("error reading an answer: %w", err)
		}
		if answer.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s answered %d: %s", path, answer.StatusCode, text)
		}
		if n >= warm {
			took = append(took, time.Since(begin))
		}
	}
	slices.Sort(took)
	return took, nil
}

func ms(sorted []time.Duration, share float64) float64 {
	return float64(sorted[min(int(share*float64(len(sorted))), len(sorted)-1)]) / float64(time.Millisecond)
}

// startGateway starts `paygate dev` on the database, and returns where the dashboard is.
func (o options) startGateway(ctx context.Context, databaseURL string) (*process.Process, string, error) {
	folder := filepath.Join(o.folder, "run")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, "", fmt.Errorf("error making a folder: %w", err)
	}
	env := []string{"DATABASE_URL=" + databaseURL, "PATH=/usr/bin:/bin", "HOME=" + folder}
	for _, server := range []string{"API", "DASHBOARD", "CHECKOUT", "SHOP", "RECEIVER", "ADMIN"} {
		env = append(env, "PAYGATE_"+server+"_ADDR=127.0.0.1:0")
	}
	pattern := regexp.MustCompile(`Dashboard +(http://\S+) `)
	found, once := make(chan string, 1), sync.Once{}
	gateway, err := process.Start(process.Spec{Path: o.gateway, Args: []string{"dev"}, Dir: folder, Env: env, OnParentDeath: syscall.SIGKILL, Line: func(line string) {
		if match := pattern.FindStringSubmatch(line); match != nil {
			once.Do(func() { found <- match[1] })
		}
	}})
	if err != nil {
		return nil, "", fmt.Errorf("error starting the gateway: %w", err)
	}
	select {
	case base := <-found:
		return gateway, base, nil
	case <-gateway.Done():
		return nil, "", fmt.Errorf("the gateway ended:\n%s", gateway.Tail())
	case <-ctx.Done():
		return nil, "", errors.Join(ctx.Err(), gateway.Stop(context.WithoutCancel(ctx), time.Second, syscall.SIGTERM))
	}
}

// awaitSums waits until what is old is summed: the dashboard's figures, and the ledgers.
func awaitSums(ctx context.Context, pool *pgxpool.Pool) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		var late int
		if err := pool.QueryRow(ctx, `SELECT count(*) FROM merchants m
			LEFT JOIN dashboard_figures_until u ON u.merchant_id = m.id LEFT JOIN ledger_sums l ON l.merchant_id = m.id
			WHERE coalesce(u.until, '-infinity') < now() - interval '30 min' OR EXISTS (
				SELECT 1 FROM ledger_transfers t WHERE t.merchant_id = m.id AND t.created_at >= coalesce(l.until, '-infinity')
				AND t.created_at < now() - interval '2 min' ORDER BY t.created_at, t.id OFFSET 1000 LIMIT 1)`).Scan(&late); err != nil {
			return fmt.Errorf("error looking at the sums: %w", err)
		}
		if late == 0 {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// signIn uses the password that dev keeps in its folder.
func signIn(ctx context.Context, base, folder string) (*http.Client, error) {
	password, err := os.ReadFile(filepath.Join(folder, ".paygate", "dashboard-password"))
	if err != nil {
		return nil, fmt.Errorf("error reading the password: %w", err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("error making a jar for cookies: %w", err)
	}
	client := &http.Client{Jar: jar}
	body := fmt.Sprintf(`{"email":"test@example.com","password":%q}`, bytes.TrimSpace(password))
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/session", strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("error making a request: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("error signing in: %w", err)
	}
	if err := answer.Body.Close(); err != nil {
		return nil, fmt.Errorf("error signing in: %w", err)
	}
	if answer.StatusCode != http.StatusNoContent {
		return nil, fmt.Errorf("signing in answered %d", answer.StatusCode)
	}
	address, err := url.Parse(base)
	if err != nil || len(jar.Cookies(address)) == 0 {
		return nil, errors.New("signing in gave no session")
	}
	return client, nil
}
