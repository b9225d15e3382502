package certificate_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/certificate"
	"paygate/certificate/certtest"
)

// bench is a certificate in its files, and the hands on them and on the clock.
type bench struct {
	authority *certtest.Authority
	folder    string
	clock     time.Time
	log       bytes.Buffer
	files     *certificate.Files
}

func (b *bench) load() (err error) {
	b.files, err = certificate.Load(filepath.Join(b.folder, "tls.crt"), filepath.Join(b.folder, "tls.key"),
		slog.New(slog.NewTextHandler(&b.log, nil)), func() time.Time { return b.clock })
	return err
}

func newBench(t *testing.T) (*bench, *big.Int) {
	t.Helper()
	b := &bench{authority: certtest.New(t), folder: t.TempDir(), clock: time.Now()}
	serial := b.authority.Issue(t, b.folder, b.clock.Add(time.Hour))
	require.NoError(t, b.load())
	return b, serial
}

// presented is the serial number of what a client that believes the authority gets to see.
func (b *bench) presented(t *testing.T) *big.Int {
	t.Helper()
	ours, theirs := net.Pipe()
	server := tls.Server(ours, b.files.Config())
	shaken := make(chan error, 1)
	go func() { shaken <- server.HandshakeContext(t.Context()) }()
	client := tls.Client(theirs, &tls.Config{RootCAs: b.authority.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS13})
	require.NoError(t, client.HandshakeContext(t.Context()))
	require.NoError(t, <-shaken)
	return client.ConnectionState().PeerCertificates[0].SerialNumber
}

func TestFiles_FollowTheirChanges(t *testing.T) {
	t.Parallel()

	b, first := newBench(t)
	require.Equal(t, first, b.presented(t))
	second := b.authority.Issue(t, b.folder, b.clock.Add(2*time.Hour))
	require.Equal(t, first, b.presented(t), "not looked at for each connection")
	b.clock = b.clock.Add(time.Second)
	require.Equal(t, second, b.presented(t))
	require.Contains(t, b.log.String(), "the TLS certificate was changed")
}

func TestFiles_GoOnWithTheCertificateBefore(t *testing.T) {
	t.Parallel()

	for name, spoil := range map[string]func(t *testing.T, b *bench){
		"Half": func(t *testing.T, b *bench) {
			t.Helper()
			other := t.TempDir()
			b.authority.Issue(t, other, b.clock.Add(time.Hour))
			require.NoError(t, os.Rename(filepath.Join(other, "tls.crt"), filepath.Join(b.folder, "tls.crt")))
		},
		"Gone": func(t *testing.T, b *bench) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(b.folder, "tls.key")))
		},
		"Expired": func(t *testing.T, b *bench) { t.Helper(); b.authority.Issue(t, b.folder, b.clock.Add(-time.Minute)) },
		"Garbage": func(t *testing.T, b *bench) {
			t.Helper()
			require.NoError(t, os.WriteFile(filepath.Join(b.folder, "tls.crt"), []byte("-----BEGIN"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, first := newBench(t)
			spoil(t, b)
			b.clock = b.clock.Add(time.Second)
			require.Equal(t, first, b.presented(t))
			b.clock = b.clock.Add(time.Second)
			require.Equal(t, first, b.presented(t))
			require.Equal(t, 1, bytes.Count(b.log.Bytes(), []byte("level=ERROR")), "said once: %s", b.log.String())

			second := b.authority.Issue(t, b.folder, b.clock.Add(time.Hour))
			b.clock = b.clock.Add(time.Second)
			require.Equal(t, second, b.presented(t))

			spoil(t, b)
			require.Error(t, b.load(), "none to start with")
		})
	}
}

func TestFiles_RefuseOldProtocols(t *testing.T) {
	t.Parallel()

	b, _ := newBench(t)
	ours, theirs := net.Pipe()
	go func() { _ = tls.Server(ours, b.files.Config()).HandshakeContext(t.Context()); _ = ours.Close() }()
	client := tls.Client(theirs, &tls.Config{RootCAs: b.authority.Pool(), ServerName: "localhost", MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	require.Error(t, client.HandshakeContext(t.Context()))
}

func TestAuthorities(t *testing.T) {
	t.Parallel()

	path := filepath.Join(t.TempDir(), "ca.crt")
	_, err := certificate.Authorities(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("no certificate"), 0o600))
	_, err = certificate.Authorities(path)
	require.ErrorContains(t, err, "there is none in")
	authority := certtest.New(t)
	authority.WriteTo(t, path)
	pool, err := certificate.Authorities(path)
	require.NoError(t, err)
	require.True(t, pool.Equal(authority.Pool()))
}
