package receiver

import (
	"cmp"
	"crypto/rand"
	"slices"
	"sync"
)

// maxSecrets bounds what the page can enter.
const maxSecrets = 32

// state is all that the receiver remembers. Every change raises the version and
// wakes the watchers, who then ask what is newer than what they know. That way a
// slow watcher costs no memory and misses only what is no longer kept; a channel
// for each would need a size and a rule for when it is full.
type state struct {
	mu       sync.Mutex
	changed  chan struct{} // closed at the next change
	version  int64
	received int64

	instance   string
	clearedAt  int64 // the version of the last clear
	overviewAt int64 // the version of the last change of the overview

	history  *history
	secrets  []string
	settings Settings
}

// overview is what the page shows beside the webhooks. The secrets are a number:
// they can be entered and never be read.
type overview struct {
	// Instance tells one process from the next, whose versions start again.
	Instance string `json:"instance"`
	// ClearedAt is the version of the last clear: what is older is gone.
	ClearedAt int64    `json:"cleared_at"`
	Control   Settings `json:"control"`
	History   int      `json:"history"`
	Secrets   int      `json:"secrets"`
}

// news is what changed since a version.
type news struct {
	version  int64
	next     <-chan struct{}
	overview *overview
	webhooks []*Webhook // oldest change first
}

func newState(historyLimit int) *state {
	return &state{
		changed:  make(chan struct{}),
		history:  newHistory(historyLimit),
		instance: rand.Text(),
		settings: defaultSettings(),
	}
}

// bump must be called with the lock held, once for each change.
func (s *state) bump() int64 {
	s.version++
	close(s.changed)
	s.changed = make(chan struct{})
	return s.version
}

// record keeps a webhook that just came, after choosing how it is answered: one step,
// so that of two at the same moment only one takes the last of a number of failures,
// and no secret is entered between the check of the signature and the keeping.
func (s *state) record(w *Webhook, choose func(Settings) plan) plan {
	s.mu.Lock()
	defer s.mu.Unlock()

	settings := defaultSettings()
	if s.settings.appliesTo(w.Path) {
		settings = s.settings
	}
	chosen := choose(settings)
	if chosen.bySettings && s.settings.Times > 0 {
		s.settings.Times--
		if s.settings.Times == 0 {
			s.settings = defaultSettings()
		}
		s.overviewAt = s.bump()
	}

	s.received++
	w.Sequence = s.received
	w.Signature = checkSignature(w, s.secrets)
	w.Answer = chosen.answer()
	w.Version = s.bump()
	s.history.add(w)
	return chosen
}

// senderLeft notes that the sender did not wait for the answer.
func (s *state) senderLeft(sequence int64, after int64) {
	s.mu.Lock()
	defer s.mu.Unlock()

	i, found := s.history.find(sequence)
	if !found {
		return
	}
	changed := *s.history.entries[i]
	changed.Answer.Status = 0
	changed.Answer.SenderLeftMS = &after
	changed.Version = s.bump()
	s.history.entries[i] = &changed
}

// list returns the kept webhooks, newest first.
func (s *state) list() []*Webhook {
	s.mu.Lock()
	defer s.mu.Unlock()

	list := slices.Clone(s.history.entries)
	slices.Reverse(list)
	return list
}

func (s *state) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.history.clear()
	s.clearedAt = s.bump()
	s.overviewAt = s.clearedAt
}

// control returns the settings in force.
func (s *state) control() Settings {
	s.mu.Lock()
	defer s.mu.Unlock()

	return s.settings
}

func (s *state) setControl(settings Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()

	s.settings = settings
	s.overviewAt = s.bump()
}

// addSecret checks all kept webhooks again, because one enters a secret after having
// seen that a signature does not hold. It returns how many secrets there are, and
// false when there is no room for another.
func (s *state) addSecret(secret string) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()

	if slices.Contains(s.secrets, secret) {
		return len(s.secrets), true
	}
	if len(s.secrets) == maxSecrets {
		return len(s.secrets), false
	}
	// A fresh slice: checks of before may still be reading the old one.
	s.secrets = append(slices.Clone(s.secrets), secret)
	s.overviewAt = s.bump()
	for i, w := range s.history.entries {
		changed := *w
		changed.Signature = checkSignature(&changed, s.secrets)
		changed.Version = s.bump()
		s.history.entries[i] = &changed
	}
	return len(s.secrets), true
}

// now returns the version and what a new watcher has to be told.
func (s *state) now() news {
	s.mu.Lock()
	defer s.mu.Unlock()

	return news{version: s.version, next: s.changed, overview: s.look()}
}

// since returns what changed after that version.
func (s *state) since(version int64) news {
	s.mu.Lock()
	defer s.mu.Unlock()

	out := news{version: s.version, next: s.changed}
	if s.overviewAt > version {
		out.overview = s.look()
	}
	for _, w := range s.history.entries {
		if w.Version > version {
			out.webhooks = append(out.webhooks, w)
		}
	}
	slices.SortFunc(out.webhooks, func(a, b *Webhook) int { return cmp.Compare(a.Version, b.Version) })
	return out
}

func (s *state) look() *overview {
	return &overview{
		Instance:  s.instance,
		ClearedAt: s.clearedAt,
		Control:   s.settings,
		History:   s.history.limit,
		Secrets:   len(s.secrets),
	}
}
