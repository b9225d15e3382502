// Command promql reads expressions of PromQL, a JSON object of them by name, and writes what they ask for by the
// same names. It has a module of its own because Prometheus' parser brings requirements that the gateway must not
// have.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// selector is one metric that an expression asks for.
type selector struct {
	Metric string `json:"metric"`
	// Labels are those that it selects or groups by.
	Labels []string `json:"labels"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "promql:", err)
		os.Exit(1)
	}
}

func run() error {
	var expressions map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
		return fmt.Errorf("error reading expressions: %w", err)
	}
	found := make(map[string][]selector, len(expressions))
	for name, text := range expressions {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		found[name] = selectors(expr)
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

func selectors(expr parser.Expr) []selector {
	var found []selector
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch node := node.(type) {
		case *parser.VectorSelector:
			found = append(found, of(node.LabelMatchers))
		case *parser.AggregateExpr:
			for _, matchers := range parser.ExtractSelectors(node) {
				s := of(matchers)
				s.Labels = append(s.Labels, node.Grouping...)
				found = append(found, s)
			}
		}
		return nil
	})
	return found
}

func of(matchers []*labels.Matcher) selector {
	s := selector{Labels: []string{}}
	for _, m := range matchers {
		if m.Name == labels.MetricName {
			s.Metric = m.Value
		} else {
			s.Labels = append(s.Labels, m.Name)
		}
	}
	return s
}
