package ids_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"paygate/db/ids"
)

var prefixes = []ids.Prefix{ids.Order, ids.Payment, ids.Refund, ids.Event, ids.Endpoint, ids.Delivery, ids.Transfer, ids.Request}

func TestNew(t *testing.T) {
	t.Parallel()

	t.Run("SortsByTime", func(t *testing.T) {
		t.Parallel()
		made := make([]string, 10_000)
		for i := range made {
			made[i] = ids.New(ids.Payment)
		}
		require.True(t, slices.IsSorted(made))
		require.Len(t, slices.Compact(made), 10_000)
	})

	t.Run("IsUniqueAcrossGoroutines", func(t *testing.T) {
		t.Parallel()
		var mu sync.Mutex
		var goroutines sync.WaitGroup
		all := make(map[string]bool)
		for range 8 {
			goroutines.Go(func() {
				for range 1000 {
					id := ids.New(ids.Event)
					mu.Lock()
					all[id] = true
					mu.Unlock()
				}
			})
		}
		goroutines.Wait()
		require.Len(t, all, 8000)
	})

	t.Run("HasOneForm", func(t *testing.T) {
		t.Parallel()
		for _, p := range prefixes {
			id := ids.New(p)
			require.Regexp(t, `^`+string(p)+`[0-9a-hjkmnp-tv-z]{26}$`, id)
			require.LessOrEqual(t, len(id), ids.MaxLength)
			for _, other := range prefixes {
				require.Equal(t, p == other, ids.Valid(other, id))
			}
		}
	})

	t.Run("BeginsWithTheTime", func(t *testing.T) {
		t.Parallel()
		// 48 bits of milliseconds (RFC 9562, section 5.7) are nine characters and three bits.
		first := ids.New(ids.Order)
		begin := time.Now()
		require.Eventually(t, func() bool { return time.Since(begin) > 2*time.Millisecond }, time.Second, time.Millisecond)
		require.Greater(t, ids.New(ids.Order)[:len(ids.Order)+10], first[:len(ids.Order)+10])
	})
}

func TestValid(t *testing.T) {
	t.Parallel()

	for _, id := range []string{"order_xyz", "order_1", "order_ABC", "order_" + strings.Repeat("a", ids.MaxLength-len("order_"))} {
		require.True(t, ids.Valid(ids.Order, id), id)
	}
	for _, id := range []string{
		"", "order", "order_", "Order_1", "ORDER_1", "xorder_1", " order_1", "order_1 ", "order_a-b", "order_a_b", "order_a.b", "order_a/b", "order_%",
		"order_\x00", "order_a\n", "order_é", "order_\xff", "order_😀", "pay_1", "order_'", "order_" + strings.Repeat("a", ids.MaxLength),
	} {
		require.False(t, ids.Valid(ids.Order, id), "%q", id)
	}
}

func FuzzValid(f *testing.F) {
	for _, seed := range []string{"pay_1", "pay_", "pay_\x00", "order_1", ""} {
		f.Add(seed)
	}
	shape := regexp.MustCompile(`\Apay_[0-9A-Za-z]+\z`) // as openapi.yaml has it
	f.Fuzz(func(t *testing.T, id string) {
		require.Equal(t, shape.MatchString(id) && len(id) <= ids.MaxLength, ids.Valid(ids.Payment, id))
	})
}
