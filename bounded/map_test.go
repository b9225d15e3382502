package bounded_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"paygate/bounded"
)

func TestMap_KeepsWhatIsUsedAndForgetsTheRest(t *testing.T) {
	t.Parallel()

	m := &bounded.Map[string, int]{Limit: 100}
	m.Put("used", 1)
	m.Put("unused", 2)
	for i := range 1000 {
		m.Put(strconv.Itoa(i), i)
		if i%40 == 0 {
			_, ok := m.Get("used")
			require.True(t, ok, "an entry must survive Limit/2 others")
		}
	}
	_, ok := m.Get("unused")
	require.False(t, ok)
	require.LessOrEqual(t, m.Len(), 100)
}

func TestMap_Model(t *testing.T) {
	t.Parallel()

	rapid.Check(t, func(t *rapid.T) {
		m := &bounded.Map[int, int]{Limit: rapid.IntRange(0, 12).Draw(t, "limit")}
		limit := m.Limit
		if limit == 0 {
			limit = 10_000
		}
		model := map[int]int{}
		var recent []int // distinct keys, least recently used first
		use := func(key int) {
			for i, k := range recent {
				if k == key {
					recent = append(recent[:i], recent[i+1:]...)
					break
				}
			}
			recent = append(recent, key)
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				key, value := rapid.IntRange(0, 20).Draw(t, "key"), rapid.Int().Draw(t, "value")
				m.Put(key, value)
				model[key] = value
				use(key)
			},
			"update": func(t *rapid.T) {
				key := rapid.IntRange(0, 20).Draw(t, "key")
				m.Update(key, func(old int) int {
					if old != 0 {
						require.Equal(t, model[key], old)
					}
					return old + 1
				})
				value, ok := m.Get(key)
				require.True(t, ok)
				model[key] = value
				use(key)
			},
			"get": func(t *rapid.T) {
				key := rapid.IntRange(0, 20).Draw(t, "key")
				if value, ok := m.Get(key); ok {
					require.Equal(t, model[key], value)
					use(key)
				}
			},
			"": func(t *rapid.T) {
				require.LessOrEqual(t, m.Len(), max(limit, 2))
				if newest := len(recent) - 1; newest >= 0 {
					value, ok := m.Get(recent[newest])
					require.True(t, ok, "what was used last is there")
					require.Equal(t, model[recent[newest]], value)
				}
			},
		})
	})
}

func TestMap_Concurrent(t *testing.T) {
	t.Parallel()

	m := &bounded.Map[int, int]{Limit: 64}
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 1000 {
				m.Update(7, func(n int) int { return n + 1 })
			}
		})
	}
	done.Wait()
	total, _ := m.Get(7)
	require.Equal(t, 8000, total)
}
