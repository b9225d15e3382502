package certificate

import (
	"crypto/x509"
	"fmt"
	"os"
)

// Authorities reads the certificates of authorities, PEM, as the only ones that are believed.
func Authorities(path string) (*x509.CertPool, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("error reading certificates of authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("error reading certificates of authorities: there is none in %s", path)
	}
	return pool, nil
}
