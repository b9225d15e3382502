package gate

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/redis/go-redis/v9"
)

// What a scheme says after redis or rediss, about who is at the addresses.
const (
	sentinels = "+sentinel"
	cluster   = "+cluster"
)

// ParseURL reads where Redis is:
//
//	redis://user:password@host:6379/0                                        one server
//	redis+sentinel://host:26379,host:26379,host:26379/0?master_name=paygate  Sentinels, who know the server
//	redis+cluster://user:password@host:6379,host:6379                        nodes of a Cluster, some of them
//
// with rediss for TLS. The server behind Sentinels has its credentials in the parameters username and
// password; those before the hosts are the Sentinels' own. The rest is as go-redis reads it, but what
// concerns time, retries and pools, which NewClient decides.
func ParseURL(text string) (*redis.UniversalOptions, error) {
	scheme, rest, _ := strings.Cut(text, "://")
	switch {
	case strings.HasSuffix(scheme, sentinels):
		plain, err := withoutHostList(strings.TrimSuffix(scheme, sentinels), rest, "26379")
		if err != nil {
			return nil, err
		}
		o, err := redis.ParseFailoverURL(plain)
		if err != nil {
			return nil, fmt.Errorf("error reading the URL of Sentinels: %w", unquoted(err))
		}
		if o.MasterName == "" {
			return nil, errors.New("error reading the URL of Sentinels: no master_name")
		}
		return &redis.UniversalOptions{
			Addrs: o.SentinelAddrs, MasterName: o.MasterName, DB: o.DB, Username: o.Username, Password: o.Password,
			SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword,
			ClientName: o.ClientName, Protocol: o.Protocol, DisableIdentity: o.DisableIdentity, TLSConfig: o.TLSConfig,
		}, nil
	case strings.HasSuffix(scheme, cluster):
		plain, err := withoutHostList(strings.TrimSuffix(scheme, cluster), rest, "6379")
		if err != nil {
			return nil, err
		}
		o, err := redis.ParseClusterURL(plain)
		if err != nil {
			return nil, fmt.Errorf("error reading the URL of a Cluster: %w", unquoted(err))
		}
		return &redis.UniversalOptions{
			Addrs: o.Addrs, IsClusterMode: true, Username: o.Username, Password: o.Password,
			ClientName: o.ClientName, Protocol: o.Protocol, DisableIdentity: o.DisableIdentity, TLSConfig: o.TLSConfig,
		}, nil
	}
	o, err := redis.ParseURL(text)
	if err != nil {
		return nil, fmt.Errorf("error reading the URL of Redis: %w", unquoted(err))
	}
	return &redis.UniversalOptions{
		Addrs: []string{o.Addr}, DB: o.DB, Username: o.Username, Password: o.Password,
		ClientName: o.ClientName, Protocol: o.Protocol, DisableIdentity: o.DisableIdentity, TLSConfig: o.TLSConfig,
	}, nil
}

// unquoted leaves out the URL, which may hold a password.
func unquoted(err error) error {
	if quoting, ok := errors.AsType[*url.Error](err); ok {
		return quoting.Err
	}
	return err
}

// withoutHostList turns hosts that are separated by commas into the form that go-redis reads: the first in
// its place, the others as parameters.
func withoutHostList(scheme, rest, defaultPort string) (string, error) {
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	at := strings.LastIndex(authority, "@") + 1
	hosts := strings.Split(authority[at:], ",")
	parsed, err := url.Parse(scheme + "://" + authority[:at] + hosts[0] + tail)
	if err != nil {
		return "", fmt.Errorf("error reading the URL of Redis: %w", unquoted(err))
	}
	query := parsed.Query()
	for i, host := range hosts {
		one, err := url.Parse("redis://" + host)
		if err != nil || one.Hostname() == "" || one.User != nil {
			return "", errors.New("error reading the URL of Redis: a host is missing or malformed")
		}
		if one.Port() == "" {
			one.Host += ":" + defaultPort
		}
		if i == 0 {
			parsed.Host = one.Host
			continue
		}
		query.Add("addr", one.Host)
	}
	parsed.RawQuery = query.Encode()
	return parsed.String(), nil
}
