package keyring

import (
	"context"
	"fmt"
)

// Stored is a sealed text in its place.
type Stored struct {
	// Name is the place, for errors.
	Name string
	// Sealed is the text, and AAD what it was sealed with.
	Sealed, AAD []byte
	// Replace puts fresh where Sealed still is, and tells how many places that were: none where another was faster.
	Replace func(ctx context.Context, fresh []byte) (int64, error)
}

// ResealAll seals each text with the first key that was sealed with another, and tells how many there were. At the first
// that does not open, or cannot be stored, it ends; those before it stay done.
func (k *Keyring) ResealAll(ctx context.Context, all []Stored) (changed int64, err error) {
	for _, stored := range all {
		fresh, err := k.Reseal(stored.Sealed, stored.AAD)
		if err != nil {
			return changed, fmt.Errorf("error opening %s: %w", stored.Name, err)
		}
		if fresh == nil {
			continue
		}
		n, err := stored.Replace(ctx, fresh)
		if err != nil {
			return changed, fmt.Errorf("error storing %s: %w", stored.Name, err)
		}
		changed += n
	}
	return changed, nil
}
