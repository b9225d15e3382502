package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"

	"paygate/gate"
	"paygate/jobs"
	"paygate/keyring"
	"paygate/webhooks"
)

// The kinds of values that settings have. Each is checked while it is read, so that a bad one is known
// by the name it was given under, before anything is opened. Their errors go after that name and a colon,
// and never repeat what may hold a secret.

var durationType = reflect.TypeFor[time.Duration]()

// decodeDuration reads a Go duration within the bounds of the tags min and max.
func decodeDuration(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("duration", &text); err != nil {
		return err
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 500ms, 30s or 2m", text)
	}
	tag := ctx.Value.Tag
	if least, err := time.ParseDuration(tag.Get("min")); err == nil && d < least {
		return fmt.Errorf("%s is too short; permitted is %s", text, boundsOf(tag))
	}
	if most, err := time.ParseDuration(tag.Get("max")); err == nil && d > most {
		return fmt.Errorf("%s is too long; permitted is %s", text, boundsOf(tag))
	}
	target.SetInt(int64(d))
	return nil
}

// decodeLevel reads a level by the names that the log shows. slog would also take INFO+2.
func decodeLevel(ctx *kong.DecodeContext, target reflect.Value) error {
	var text string
	if err := ctx.Scan.PopValueInto("level", &text); err != nil {
		return err
	}
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(text, level.String()) {
			target.SetInt(int64(level))
			return nil
		}
	}
	return fmt.Errorf("%q is not one of debug, info, warn and error", text)
}

// logFormat is how a line of the log is written.
type logFormat string

const (
	logJSON logFormat = "json"
	logText logFormat = "text"
)

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *logFormat) UnmarshalText(text []byte) error {
	switch format := logFormat(text); format {
	case logJSON, logText:
		*f = format
		return nil
	}
	return fmt.Errorf("%q is not one of json and text", text)
}

// address is where a server listens: a port, with or without a host before it.
type address string

// UnmarshalText implements encoding.TextUnmarshaler. Whether there can be a listener is known when it is made.
func (a *address) UnmarshalText(text []byte) error {
	_, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is not an address such as 127.0.0.1:8000, or :8000 for every network", text)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("%q has no port from 0 to 65535", text)
	}
	*a = address(text)
	return nil
}

// optionalAddress is the address of a server that can be switched off: it is "" then.
type optionalAddress struct{ address }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *optionalAddress) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		a.address = ""
		return nil
	}
	return a.address.UnmarshalText(text)
}

// rate is a share from 0 to 1.
type rate float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *rate) UnmarshalText(text []byte) error {
	value, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(value >= 0 && value <= 1) { // so that NaN is refused
		return fmt.Errorf("%q is not a share from 0 to 1, such as 0.95", text)
	}
	*r = rate(value)
	return nil
}

// schedule is the pauses before attempts to deliver a webhook.
type schedule webhooks.Schedule

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *schedule) UnmarshalText(text []byte) error {
	parsed, err := webhooks.ParseSchedule(string(text))
	*s = schedule(parsed)
	return err
}

// queueSizes is how many jobs of each queue run at once, nil for the defaults.
type queueSizes map[string]int

// UnmarshalText implements encoding.TextUnmarshaler. A queue that is not named is not worked, but for
// housekeeping: left out by mistake it would be missed late.
func (q *queueSizes) UnmarshalText(text []byte) error {
	sizes, working := make(queueSizes), false
	for part := range strings.SplitSeq(string(text), ",") {
		name, size, _ := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.Atoi(size)
		switch _, twice := sizes[name]; {
		case !slices.Contains(jobs.Queues(), name):
			return fmt.Errorf("%q names no queue: there are %s", strings.TrimSpace(part), strings.Join(jobs.Queues(), ", "))
		case twice:
			return fmt.Errorf("%s is named twice", name)
		case err != nil || n < 0 || n > jobs.MaxWorkers:
			return fmt.Errorf("%q is not a queue and a number up to %d, such as payments=200", strings.TrimSpace(part), jobs.MaxWorkers)
		}
		sizes[name], working = n, working || n > 0
	}
	if !working {
		return errors.New("with it no queue would be worked")
	}
	for _, name := range jobs.Queues() {
		if _, named := sizes[name]; !named && name != jobs.MaintenanceQueue {
			sizes[name] = 0
		}
	}
	*q = sizes
	return nil
}

// prefixes are ranges of IP addresses.
type prefixes []netip.Prefix

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *prefixes) UnmarshalText(text []byte) error {
	*p = nil
	for part := range strings.SplitSeq(string(text), ",") {
		prefix, err := netip.ParsePrefix(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%q is not a range such as 10.0.0.0/8", strings.TrimSpace(part))
		}
		*p = append(*p, prefix)
	}
	return nil
}

// encryptionKeys is a keyring, nil when none was given.
type encryptionKeys struct{ ring *keyring.Keyring }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *encryptionKeys) UnmarshalText(text []byte) (err error) {
	k.ring, err = keyring.Parse(string(text))
	return err
}

// databaseURL is where a Postgres is, in either of libpq's ways to write it.
type databaseURL string

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *databaseURL) UnmarshalText(text []byte) error {
	if _, err := pgxpool.ParseConfig(string(text)); err != nil {
		return errors.New("not such as postgres://user:password@host:5432/paygate") // what is wrong may be beside a password
	}
	*u = databaseURL(text)
	return nil
}

// redisURL is where a Redis is; nil options when none was given.
type redisURL struct{ options *redis.UniversalOptions }

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *redisURL) UnmarshalText(text []byte) (err error) {
	if u.options, err = gate.ParseURL(string(text)); err != nil {
		return errors.New("not such as redis://user:password@host:6379/0, redis+sentinel://host:26379,host:26379/0?master_name=NAME or redis+cluster://host:6379,host:6379") // see databaseURL
	}
	return nil
}

// webURL is an absolute HTTP URL.
type webURL string

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *webURL) UnmarshalText(text []byte) error {
	parsed, err := url.Parse(string(text))
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return fmt.Errorf("%q is not a URL such as https://example.com/webhook", text)
	}
	*u = webURL(text)
	return nil
}
