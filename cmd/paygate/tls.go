package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"paygate/certificate"
)

// tlsSettings is the certificate of a role's own listener.
type tlsSettings struct {
	TLSCert string `name:"tls-cert" env:"PAYGATE_TLS_CERT" placeholder:"FILE" group:"Servers" help:"Certificate that the role's public listener presents, PEM, with the chain to its authority. A new one is used within a second of being written. Without it the listener is plain, for a proxy that ends TLS."`
	TLSKey  string `name:"tls-key" env:"PAYGATE_TLS_KEY" placeholder:"FILE" group:"Servers" help:"The certificate's private key, PEM."`
}

// certificate is nil when the listener is to be plain.
func (s tlsSettings) certificate(logger *slog.Logger) (*certificate.Files, error) {
	switch {
	case s.TLSCert == "" && s.TLSKey == "":
		return nil, nil
	case s.TLSCert == "":
		return nil, usagef("PAYGATE_TLS_KEY is set and PAYGATE_TLS_CERT is not: a listener needs both, or neither")
	case s.TLSKey == "":
		return nil, usagef("PAYGATE_TLS_CERT is set and PAYGATE_TLS_KEY is not: a listener needs both, or neither")
	}
	files, err := certificate.Load(s.TLSCert, s.TLSKey, logger, time.Now)
	if err != nil {
		return nil, usagef("PAYGATE_TLS_CERT: %w", err)
	}
	return files, nil
}

// listenPublic is listen for what the world reaches: with a certificate, the listener speaks TLS.
func (p *process) listenPublic(ctx context.Context, at address, setting string, presented *certificate.Files) (net.Listener, error) {
	listener, err := p.listen(ctx, at, setting)
	if err != nil || presented == nil {
		return listener, err
	}
	return tls.NewListener(listener, presented.Config()), nil
}

// overTLSAlone tells browsers that came by TLS to come by nothing else for a year (RFC 6797).
func overTLSAlone(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// trust lets the connection to Redis believe the given authorities alone.
func (s redisSettings) trust() error {
	if s.RedisCA == "" || s.RedisURL.options == nil {
		return nil
	}
	if s.RedisURL.options.TLSConfig == nil {
		return usagef("REDIS_CA_FILE is set, but REDIS_URL asks for no TLS: it must begin with rediss://")
	}
	pool, err := certificate.Authorities(s.RedisCA)
	if err != nil {
		return usagef("REDIS_CA_FILE: %w", err)
	}
	s.RedisURL.options.TLSConfig.RootCAs = pool
	return nil
}

// warnOfPlainPostgres says so when what goes to Postgres can be read, or answered, by who sits in between. It
// is no error: a network can be private.
func warnOfPlainPostgres(ctx context.Context, config *pgx.ConnConfig, logger *slog.Logger) {
	plain := !staysHere(config.Host) && config.TLSConfig == nil
	for _, fallback := range config.Fallbacks {
		plain = plain || !staysHere(fallback.Host) && fallback.TLSConfig == nil
	}
	if plain {
		logger.LogAttrs(ctx, slog.LevelWarn, "the connection to postgres may go without TLS: put sslmode=verify-full into DATABASE_URL")
	}
}

// staysHere tells whether a connection to host leaves the machine: a socket's folder and loopback do not.
func staysHere(host string) bool {
	if host == "localhost" || host != "" && host[0] == '/' {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
