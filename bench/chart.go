package main

import (
	"fmt"
	"os"
	"strings"
)

// The chart's geometry, in pixels.
const (
	chartWidth  = 760
	chartHeight = 360
	chartLeft   = 70
	chartBottom = 300
	chartTop    = 40
	barWidth    = 60
)

// writeChart draws rates side by side: pgbench, and each build.
func (r *results) writeChart(path string) error {
	if len(r.gateways[0].intake) == 0 {
		return nil
	}
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	put(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Payments a second">`, chartWidth, chartHeight)
	put(`<rect width="100%%" height="100%%" fill="#fff"/>`)
	put(`<text x="%d" y="22" font-size="15" font-weight="600" fill="#111">Payments a second: pgbench, one transaction each, and Paygate's intake over HTTP</text>`, 14)
	top := r.best()
	height := func(v float64) float64 { return v / top * (chartBottom - chartTop) }
	for i := range 5 {
		v := top * float64(i) / 4
		y := chartBottom - height(v)
		put(`<line x1="%d" x2="%d" y1="%.1f" y2="%.1f" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end" fill="#555">%.0f</text>`,
			chartLeft, chartWidth-10, y, y, chartLeft-6, y+4, v)
	}
	group := (chartWidth - chartLeft - 10) / len(r.concurrencies)
	for i, n := range r.concurrencies {
		x := chartLeft + i*group + group/2 - barWidth
		bar := func(at int, v float64, fill string) {
			put(`<rect x="%d" y="%.1f" width="%d" height="%.1f" fill="%s"/><text x="%d" y="%.1f" text-anchor="middle" fill="#111">%.0f</text>`,
				at, chartBottom-height(v), barWidth-6, height(v), fill, at+barWidth/2-3, chartBottom-height(v)-5, v)
		}
		bar(x, r.floorRate(n), "#9aa5b1")
		bar(x+barWidth, r.gateways[0].intake[n].Rate(), "#2563eb")
		put(`<text x="%d" y="%d" text-anchor="middle" fill="#333">%d connections</text>`, x+barWidth, chartBottom+18, n)
	}
	put(`<rect x="%d" y="%d" width="12" height="12" fill="#9aa5b1"/><text x="%d" y="%d" fill="#333">pgbench</text>`, chartLeft, chartHeight-24, chartLeft+18, chartHeight-14)
	put(`<rect x="%d" y="%d" width="12" height="12" fill="#2563eb"/><text x="%d" y="%d" fill="#333">Paygate</text>`, chartLeft+100, chartHeight-24, chartLeft+118, chartHeight-14)
	put(`</svg>`)
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a document
		return fmt.Errorf("error writing the chart: %w", err)
	}
	return nil
}
