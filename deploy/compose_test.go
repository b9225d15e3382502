package deploy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/oasdiff/yaml"
	"github.com/stretchr/testify/require"
)

type service struct {
	Image       string            `json:"image"`
	Build       map[string]any    `json:"build"`
	Command     []string          `json:"command"`
	Environment map[string]string `json:"environment"`
	Ports       []string          `json:"ports"`
	Volumes     []string          `json:"volumes"`
	Restart     string            `json:"restart"`
	ReadOnly    bool              `json:"read_only"`
	DependsOn   map[string]struct {
		Condition string `json:"condition"`
	} `json:"depends_on"`
	Healthcheck map[string]any `json:"healthcheck"`
}

// TestCompose checks what can be told of docker-compose.yml without an engine; compose/test.sh does the rest.
func TestCompose(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../docker-compose.yml")
	require.NoError(t, err)
	var file struct {
		Version  string             `json:"version"`
		Services map[string]service `json:"services"`
		Volumes  map[string]any     `json:"volumes"`
	}
	_, err = yaml.Unmarshal(text, &file, yaml.DecodeOpts{})
	require.NoError(t, err)
	require.Empty(t, file.Version, "Compose 2 warns of it, and 1.29 needs none")
	require.NotRegexp(t, `(?i)(password|secret|encryption_keys)\S*:\s*\S`, string(text), "a production could inherit it")

	ports := map[string]string{
		"api": "127.0.0.1:8000:8000", "dashboard": "127.0.0.1:3000:3000", "checkout": "127.0.0.1:3001:3001", "receiver": "127.0.0.1:4000:4000",
		"postgres": "127.0.0.1:${POSTGRES_PORT:-5432}:5432", "redis": "127.0.0.1:${REDIS_PORT:-6379}:6379",
	}
	document, err := os.ReadFile("../docs/configuration.md")
	require.NoError(t, err)
	require.Len(t, file.Services, 9)
	for name, s := range file.Services {
		if port, public := ports[name]; public {
			require.Equal(t, []string{port}, s.Ports, "%s: reached by this machine alone", name)
		} else {
			require.Empty(t, s.Ports, name)
		}
		for on, how := range s.DependsOn {
			require.Contains(t, file.Services, on)
			once := file.Services[on].Restart == "no"
			require.Equal(t, once, how.Condition == "service_completed_successfully", "%s waits for %s", name, on)
			require.Equal(t, !once, how.Condition == "service_healthy", "%s waits for %s", name, on)
		}
		for _, volume := range s.Volumes {
			named, _, _ := strings.Cut(volume, ":")
			require.Contains(t, file.Volumes, named)
		}
		if s.Build == nil {
			require.NotNil(t, s.Healthcheck["test"], "%s: others wait for it", name)
			continue
		}
		require.Equal(t, "paygate:local", s.Image, "all roles are one image")
		require.True(t, s.ReadOnly, name)
		for variable := range s.Environment {
			require.Regexp(t, "(?m)^\\| `"+regexp.QuoteMeta(variable)+"` \\|", string(document), name)
		}
	}
	require.Equal(t, "true", file.Services["api"].Environment["PAYGATE_SANDBOX_OPEN"])
}
