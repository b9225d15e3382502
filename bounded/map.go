// Package bounded has a map that cannot grow without end, for caches over what strangers choose.
package bounded

import "sync"

// Map holds at most Limit entries and forgets those that were used longest ago. It is safe for
// concurrent use, and its zero value is ready.
//
// It keeps two generations: what is stored or read goes into the young one, and when that is half the
// limit the old one is dropped and the young one takes its place. So an entry survives at least
// Limit/2 others. A linked list would forget in the exact order, for an allocation and two pointers
// an entry; nobody here needs to know which one of the unused goes first.
type Map[K comparable, V any] struct {
	// Limit is the most entries held; default 10,000. It is not changed after the first use.
	Limit int

	mu         sync.Mutex
	young, old map[K]V
}

const defaultLimit = 10_000

// Get returns the value of key, and whether there is one.
func (m *Map[K, V]) Get(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.get(key)
}

// Put stores value under key.
func (m *Map[K, V]) Put(key K, value V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, value)
}

// Update replaces the value of key by what change makes of it, or of the zero value when there is
// none, with no other access to the map meanwhile. change must not use the map.
func (m *Map[K, V]) Update(key K, change func(V) V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	value, _ := m.get(key)
	m.put(key, change(value))
}

// Len is how many entries there are.
func (m *Map[K, V]) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.young) + len(m.old)
}

// get moves what it finds into the young generation. A key is in one of them only.
func (m *Map[K, V]) get(key K) (V, bool) {
	if value, ok := m.young[key]; ok {
		return value, true
	}
	value, ok := m.old[key]
	if ok {
		m.put(key, value)
	}
	return value, ok
}

func (m *Map[K, V]) put(key K, value V) {
	delete(m.old, key)
	if _, known := m.young[key]; !known && len(m.young) >= m.half() {
		m.young, m.old = m.old, m.young
		clear(m.young)
	}
	if m.young == nil {
		m.young = make(map[K]V)
	}
	m.young[key] = value
}

func (m *Map[K, V]) half() int {
	if m.Limit <= 0 {
		return defaultLimit / 2
	}
	return max(m.Limit/2, 1)
}
