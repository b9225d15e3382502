package receiver

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/mattn/go-isatty"
)

// Escape sequences of ECMA-48 (select graphic rendition).
const (
	styleReset  = "\x1b[0m"
	styleBold   = "\x1b[1m"
	styleDim    = "\x1b[2m"
	styleRed    = "\x1b[31m"
	styleGreen  = "\x1b[32m"
	styleYellow = "\x1b[33m"
)

// terminal shows one line for each webhook.
type terminal struct {
	mu       sync.Mutex // lines must not mix
	output   io.Writer
	coloured bool
}

func newTerminal(output io.Writer) *terminal {
	t := &terminal{output: output}
	if file, ok := output.(interface{ Fd() uintptr }); ok {
		t.coloured = isatty.IsTerminal(file.Fd())
	}
	return t
}

// show writes the line of a webhook. A terminal that fails is not reported: there is
// nowhere better to say it, and the page shows the same.
func (t *terminal) show(w *Webhook) {
	if t.output == nil {
		return
	}
	line := t.line(w)
	t.mu.Lock()
	defer t.mu.Unlock()
	_, _ = io.WriteString(t.output, line)
}

func (t *terminal) line(w *Webhook) string {
	var b strings.Builder
	b.WriteString(t.paint(styleDim, time.Time(w.ReceivedAt).Format("15:04:05.000")))
	fmt.Fprintf(&b, "  %s", t.paint(styleBold, fmt.Sprintf("%-16s", printable(w.EventType, "(no type)"))))
	fmt.Fprintf(&b, "  %s", printable(w.EventID, "(no id)"))
	if w.Path != "/webhook" {
		fmt.Fprintf(&b, "  %s", t.paint(styleDim, printable(w.Path, "")))
	}
	if w.Duplicate {
		fmt.Fprintf(&b, "  %s", t.paint(styleYellow, "attempt "+strconv.Itoa(w.Attempt)))
	}
	fmt.Fprintf(&b, "  %s", t.signature(w.Signature))
	fmt.Fprintf(&b, "  → %s\n", t.answer(w.Answer))
	return b.String()
}

func (t *terminal) signature(v Verdict) string {
	style := styleYellow
	switch v.Status {
	case StatusOK:
		style = styleGreen
	case StatusFailed:
		style = styleRed
	case StatusMissing, StatusPartial, StatusNotChecked:
	}
	return t.paint(style, printable(v.Summary, ""))
}

func (t *terminal) answer(a Answer) string {
	text := strconv.Itoa(a.Status)
	switch {
	case a.Status == 0:
		text = "closed without an answer"
	case a.Location != "":
		text += " to " + printable(a.Location, "")
	case a.RetryAfter > 0:
		text += fmt.Sprintf(" retry after %d s", a.RetryAfter)
	}
	if a.DelayMS > 0 {
		text += " after " + (time.Duration(a.DelayMS) * time.Millisecond).String()
	}
	style := styleGreen
	if a.Status < 200 || a.Status > 299 {
		style = styleRed
	} else if a.DelayMS > 0 {
		style = styleYellow
	}
	text = t.paint(style, text)
	if a.Reason != "" {
		text += t.paint(styleDim, " ("+printable(a.Reason, "")+")")
	}
	return text
}

func (t *terminal) paint(style, text string) string {
	if !t.coloured || text == "" {
		return text
	}
	return style + text + styleReset
}

// printable makes what came over the network fit for a terminal, which obeys control
// characters and escape sequences.
func printable(text, ifEmpty string) string {
	if text == "" {
		return ifEmpty
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsGraphic(r) && r != unicode.ReplacementChar {
			return r
		}
		return '·'
	}, text)
}
