// Package certificate lets a server present the TLS certificate that stands in two files, and follow them:
// whoever renews certificates writes new files, and nobody has to restart anything.
package certificate

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// checkInterval is how often the files are looked at, at most, and so how long an old certificate may still be
// presented.
const checkInterval = time.Second

// Files is a certificate that follows its files. Its methods may be called by many goroutines at once.
type Files struct {
	certPath, keyPath string
	logger            *slog.Logger
	now               func() time.Time

	mu        sync.Mutex
	checkedAt time.Time
	// certText and keyText are what was read last, usable or not.
	certText, keyText []byte
	current           *tls.Certificate
}

// Load reads a certificate with the chain that leads to its authority, and its key, both PEM. It fails when there is
// none that can be presented now. now is the clock, time.Now outside tests.
func Load(certPath, keyPath string, logger *slog.Logger, now func() time.Time) (*Files, error) {
	f := &Files{certPath: certPath, keyPath: keyPath, logger: logger, now: now}
	f.checkedAt = now()
	if _, err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// Config is that of a server which presents the certificate: TLS 1.2 and newer, HTTP/2 and HTTP/1.1. Which ciphers are
// safe is the standard library's to know, which gets its updates.
func (f *Files) Config() *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.get(), nil },
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
	}
}

// get returns the newest certificate that could be read.
//
// The files are read when somebody connects, rather than watched: a watch has to be set anew for each way in which a
// file can be replaced (written, renamed, a link that is turned as in Kubernetes), and what it misses stays missed.
func (f *Files) get() *tls.Certificate {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.checkedAt) >= checkInterval {
		f.checkedAt = now
		// Between the writing of one file and of the other, the two do not fit: the certificate before goes on.
		switch changed, err := f.read(); {
		case err != nil:
			f.logger.LogAttrs(context.Background(), slog.LevelError, "the TLS certificate cannot be read; the one before is used", slog.Any("error", err))
		case changed:
			f.logger.LogAttrs(context.Background(), slog.LevelInfo, "the TLS certificate was changed", slog.Time("not_after", f.current.Leaf.NotAfter))
		}
	}
	return f.current
}

// read takes what is in the files, when that is new. An error is returned once for each content that is none.
func (f *Files) read() (changed bool, err error) {
	certText, certErr := os.ReadFile(f.certPath)
	keyText, keyErr := os.ReadFile(f.keyPath)
	if bytes.Equal(certText, f.certText) && bytes.Equal(keyText, f.keyText) && f.current != nil {
		return false, nil
	}
	f.certText, f.keyText = certText, keyText
	if err := errors.Join(certErr, keyErr); err != nil {
		return false, fmt.Errorf("error reading the TLS certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(certText, keyText)
	if err != nil {
		return false, fmt.Errorf("error using %s with %s: %w", f.certPath, f.keyPath, err) // it quotes no key
	}
	if now := f.now(); now.After(pair.Leaf.NotAfter) {
		return false, fmt.Errorf("error using %s: it expired at %s", f.certPath, pair.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	f.current = &pair
	return true, nil
}
