package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oasdiff/yaml"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// admin is where a process answers its operator.
func (p *program) admin(t *testing.T) string {
	t.Helper()
	return "http://" + p.logged(t, "admin is serving", "addr")
}

// get reads what is at a URL.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

// series are the labels of each series that a process shows, by the name that PromQL has for it.
type series map[string][]map[string]string

// scrape adds what a process shows.
func (s series) scrape(t *testing.T, admin string) {
	t.Helper()
	status, body := get(t, admin+"/metrics")
	require.Equal(t, http.StatusOK, status, body)
	text := expfmt.NewTextParser(model.LegacyValidation)
	families, err := text.TextToMetricFamilies(strings.NewReader(body))
	require.NoError(t, err)
	for name, family := range families {
		names := []string{name}
		if family.GetType().String() == "HISTOGRAM" {
			names = []string{name + "_bucket", name + "_sum", name + "_count"}
		}
		for _, metric := range family.GetMetric() {
			labels := map[string]string{"instance": admin, "job": "paygate"} // which a scrape adds
			for _, pair := range metric.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			for _, name := range names {
				own := maps.Clone(labels)
				if strings.HasSuffix(name, "_bucket") {
					own["le"] = ""
				}
				s[name] = append(s[name], own)
			}
		}
	}
}

// rules are the alerts, as Prometheus reads them.
type rules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert       string
			Expr        string
			For         string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func readRules(t *testing.T) rules {
	t.Helper()
	text, err := os.ReadFile("../deploy/observability/alerts.yml")
	require.NoError(t, err)
	var all rules
	_, err = yaml.Unmarshal(text, &all, yaml.DecodeOpts{})
	require.NoError(t, err)
	require.NotEmpty(t, all.Groups)
	return all
}

// expressions are all of the alerts and of the dashboard, by where they stand.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := make(map[string]string)
	for _, group := range readRules(t).Groups {
		for _, rule := range group.Rules {
			found["alert "+rule.Alert] = rule.Expr
		}
	}
	text, err := os.ReadFile("../deploy/observability/dashboard.json")
	require.NoError(t, err)
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &board))
	for _, panel := range board.Panels {
		for i, target := range panel.Targets {
			found[fmt.Sprintf("panel %s/%d", panel.Title, i)] = strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")
		}
	}
	require.Greater(t, len(found), 50)
	return found
}

// synthetic is what Prometheus makes itself when it scrapes.
const synthetic = "up"

// TestMetricsThatAreNamedExist runs everything once, and looks for each series that an alert, a panel or a
// document names among those of the processes; labels count too.
func TestMetricsThatAreNamedExist(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	_, receiverURL := g.start(t, "receiver")
	g.prepare(t, receiverURL)
	api, apiURL := g.start(t, "api")
	worker, _ := g.start(t, "worker")
	made := payment(t, apiURL)
	awaitStatus(t, apiURL, "payments/"+made.ID, "success")
	awaitWebhooks(t, receiverURL, "payment.success")
	request(t, http.MethodPost, apiURL+"/api/v1/payments", map[string]any{"amount": -1}, nil)

	var shown series
	names := regexp.MustCompile(`paygate_[a-z_]+`)
	wait(t, "the books were examined, and all is shown", func() (bool, error) {
		shown = make(series)
		shown.scrape(t, api.admin(t))
		shown.scrape(t, worker.admin(t))
		return len(shown["paygate_invariant_violations"]) > 20, nil
	})

	for at, selectors := range parse(t, expressions(t)) {
		require.NotEmpty(t, selectors, at)
		for _, selector := range selectors {
			if selector.Metric == synthetic {
				continue
			}
			require.NotEmpty(t, shown[selector.Metric], "%s: nobody shows %s", at, selector.Metric)
			for _, label := range selector.Labels {
				require.Contains(t, shown[selector.Metric][0], label, "%s: %s has no such label", at, selector.Metric)
			}
		}
	}

	for _, document := range []string{"../docs/observability.md", "../docs/runbook.md"} {
		text, err := os.ReadFile(document)
		require.NoError(t, err)
		for _, name := range names.FindAllString(string(text), -1) {
			_, plain := shown[name]
			_, histogram := shown[name+"_bucket"]
			require.True(t, plain || histogram, "%s names %s, which nobody shows", document, name)
		}
	}
	// And the other way round: what is ours is explained.
	text, err := os.ReadFile("../docs/observability.md")
	require.NoError(t, err)
	for name := range shown {
		if strings.HasPrefix(name, "paygate_") && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
			require.Contains(t, string(text), "`"+strings.TrimSuffix(name, "_bucket")+"`")
		}
	}

	labelsAreBounded(t, shown, made.ID, receiverURL)
}

// selector is one metric that an expression asks for, with the labels that it selects or groups by.
type selector struct {
	Metric string
	Labels []string
}

// parse has Prometheus' own parser read expressions; it fails for one that is none.
func parse(t *testing.T, expressions map[string]string) (found map[string][]selector) {
	t.Helper()
	input, err := json.Marshal(expressions)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "go", "run", ".")
	command.Dir = "../tools/promql"
	command.Stdin = bytes.NewReader(input)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	require.NoError(t, err, stderr.String())
	require.NoError(t, json.Unmarshal(output, &found))
	require.Len(t, found, len(expressions))
	return found
}

// labelsAreBounded expects nothing in labels that grows with what is processed.
func labelsAreBounded(t *testing.T, shown series, paymentID, receiverURL string) {
	t.Helper()
	for name, all := range shown {
		for _, labels := range all {
			for label, value := range labels {
				if label == "instance" {
					continue
				}
				require.NotContains(t, value, paymentID, name)
				require.NotContains(t, value, receiverURL, name)
				require.NotRegexp(t, `(pay|order|evt|whd|we|req)_[0-9A-Za-z]{8}`, value, name)
			}
		}
		require.Less(t, len(all), 700, name)
	}
}

// TestAlertsHaveRunbookEntries expects an entry for each alert and an alert for each entry.
func TestAlertsHaveRunbookEntries(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../docs/runbook.md")
	require.NoError(t, err)
	var entries, alerts []string
	for _, match := range regexp.MustCompile(`(?m)^## (\w+)$`).FindAllStringSubmatch(string(text), -1) {
		entries = append(entries, match[1])
	}
	for _, group := range readRules(t).Groups {
		for _, rule := range group.Rules {
			alerts = append(alerts, rule.Alert)
			require.Contains(t, []string{"critical", "warning", "info"}, rule.Labels["severity"], rule.Alert)
			require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
			require.Equal(t, "docs/runbook.md#"+strings.ToLower(rule.Alert), rule.Annotations["runbook"])
			if rule.For != "" {
				_, err := model.ParseDuration(rule.For)
				require.NoError(t, err, rule.Alert)
			}
		}
	}
	slices.Sort(entries)
	slices.Sort(alerts)
	require.Equal(t, alerts, entries)
}

// TestProbes tells a process that lives from one that can work.
func TestProbes(t *testing.T) {
	t.Parallel()

	g := newGateway(t)
	g.prepare(t, "http://localhost:1")
	for _, role := range []string{"api", "worker"} {
		p, _ := g.start(t, role)
		admin := p.admin(t)
		for _, path := range []string{"/health", "/healthz"} {
			status, body := get(t, admin+path)
			require.Equal(t, http.StatusOK, status)
			require.JSONEq(t, `{"status":"ok"}`, body)
		}
		wait(t, role+" is ready", func() (bool, error) {
			status, body := get(t, admin+"/readyz")
			return status == http.StatusOK && strings.Contains(body, `"ready"`), nil
		})
	}
}
