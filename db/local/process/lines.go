package process

import (
	"bytes"
	"slices"
	"strings"
	"sync"
)

const (
	// tailLines is how many last lines an error about the child's death may quote.
	tailLines = 20
	// maxLine bounds what a child can make us buffer by never ending its line.
	maxLine = 64 << 10
)

// lines is the io.Writer behind a child's output: it cuts it into lines, hands each to
// each, and keeps the last ones.
type lines struct {
	each func(line string)

	mu      sync.Mutex
	partial []byte
	tail    []string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, b...)
	for {
		line, rest, found := bytes.Cut(l.partial, []byte{'\n'})
		if !found {
			break
		}
		l.emit(line)
		l.partial = rest
	}
	if len(l.partial) > maxLine {
		l.emit(l.partial)
		l.partial = nil
	}
	return len(b), nil
}

// flush emits what stands after the last newline.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.partial) > 0 {
		l.emit(l.partial)
		l.partial = nil
	}
}

func (l *lines) emit(line []byte) {
	text := string(bytes.TrimRight(line, "\r"))
	if len(l.tail) == tailLines {
		l.tail = slices.Delete(l.tail, 0, 1)
	}
	l.tail = append(l.tail, text)
	if l.each != nil {
		l.each(text)
	}
}

func (l *lines) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.tail, "\n")
}
