package webhooks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// Classes of failure, stored with an attempt.
const (
	classStatus   = "status"
	classRedirect = "redirect"
	classTooLarge = "response_too_large"
	classBlocked  = "blocked"
	classDNS      = "dns"
	classRefused  = "connection_refused"
	classReset    = "connection_reset"
	classTimeout  = "timeout"
	classTLS      = "tls"
	classURL      = "invalid_url"
	classNetwork  = "network"
)

// judgeStatus names the failure that a status is, if it is one.
func judgeStatus(status int) (class, message string) {
	text := strings.TrimSpace(fmt.Sprintf("the endpoint answered %d %s", status, http.StatusText(status)))
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return classRedirect, text + "; redirects are not followed"
	}
	if status >= 200 && status <= 299 {
		return "", ""
	}
	return classStatus, text
}

// classify names a failure and says it in words that hold no address of our network.
func classify(err error) (class, message string) {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errBlocked):
		return classBlocked, "the endpoint's host leads to an address that is not allowed"
	case errors.As(err, &dns) && !dns.IsTimeout:
		return classDNS, "the endpoint's host cannot be found"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return classTimeout, "the endpoint did not answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return classRefused, "the endpoint's host refused the connection"
	case isTLS(err):
		return classTLS, "the endpoint's TLS certificate or handshake is not valid"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.EPIPE):
		return classReset, "the endpoint closed the connection before it had answered"
	}
	// net/http gives these no type of their own.
	switch text := err.Error(); {
	case strings.Contains(text, "response headers exceeded"), strings.Contains(text, "response header list larger"):
		return classTooLarge, fmt.Sprintf("the endpoint's answer has more than %d KiB of headers", maxResponseHeaders>>10)
	case strings.Contains(text, "GOAWAY"), strings.Contains(text, "stream error"), strings.Contains(text, "server closed idle connection"):
		return classReset, "the endpoint closed the connection before it had answered"
	default:
		return classNetwork, "the exchange with the endpoint failed"
	}
}

func isTLS(err error) bool {
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &certificate) || errors.As(err, &authority) ||
		errors.As(err, &host) || strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "HTTP response to HTTPS client")
}
