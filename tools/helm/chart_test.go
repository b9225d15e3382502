package helm

import (
	"fmt"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

const chartFolder = "../../deploy/helm/paygate"

// everything switches on what is off by default, and splits the workers.
const everything = `
image: {repository: registry.example.com/paygate, tag: v1.2.3}
imagePullSecrets: [{name: pull}]
database: {migrationSecretName: paygate-db-direct, replicaSecretName: paygate-db-replica}
nodeSelector: {kubernetes.io/arch: amd64}
tolerations: [{key: payments, operator: Exists}]
podAnnotations: {example.com/note: "true"}
ingress: {enabled: true, annotations: {cert-manager.io/cluster-issuer: letsencrypt}}
serviceMonitor: {enabled: true, labels: {release: prometheus}}
dashboard: {autoscaling: {enabled: true}, settings: {PAYGATE_DASHBOARD_PREFIX: /pay}}
workers:
  all: null
  payments: &pool
    queues: payments=200
    replicas: 1
    settings: {RIVER_JOB_TIMEOUT: 2m}
    resources: {requests: {cpu: 500m}}
    autoscaling: {enabled: true, min: 2, max: 20, cpu: 60, queueAge: {seconds: 5, queues: [payments]}}
  webhooks: {<<: *pool, queues: "webhooks=400,maintenance=0", autoscaling: {enabled: false}}
`

// render returns the chart's documents, each by its file and place in it.
func render(t *testing.T, values string) map[string]string {
	t.Helper()
	chart, err := loader.LoadDir(chartFolder)
	require.NoError(t, err)
	require.NoError(t, chart.Validate())
	given, err := chartutil.ReadValues([]byte(values))
	require.NoError(t, err)
	options := chartutil.ReleaseOptions{Name: "shop", Namespace: "payments", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(chart, given, options, chartutil.DefaultCapabilities)
	require.NoError(t, err)
	rendered, err := engine.Engine{Strict: true}.Render(chart, all)
	require.NoError(t, err)
	documents := map[string]string{}
	for file, text := range rendered {
		if path.Ext(file) != ".yaml" {
			continue
		}
		for i, document := range regexp.MustCompile(`(?m)^---$`).Split(text, -1) {
			if strings.TrimSpace(document) != "" {
				documents[fmt.Sprintf("%s#%d", path.Base(file), i)] = document
			}
		}
	}
	return documents
}

// objects decodes documents into the types of Kubernetes; unknown and repeated fields are errors.
func objects(t *testing.T, documents map[string]string) []runtime.Object {
	t.Helper()
	types := runtime.NewScheme()
	require.NoError(t, scheme.AddToScheme(types))
	require.NoError(t, monitoring.AddToScheme(types))
	decoder := serializer.NewCodecFactory(types, serializer.EnableStrict).UniversalDeserializer()
	var decoded []runtime.Object
	for at, document := range documents {
		object, _, err := decoder.Decode([]byte(document), nil, nil)
		require.NoError(t, err, "%s:\n%s", at, document)
		decoded = append(decoded, object)
	}
	return decoded
}

// of picks the objects of one kind.
func of[T runtime.Object](all []runtime.Object) map[string]T {
	found := map[string]T{}
	for _, object := range all {
		if one, ok := object.(T); ok {
			found[object.(meta.Object).GetName()] = one
		}
	}
	return found
}

var settings = map[string]string{"Defaults": "", "Everything": everything}

func TestDecodingIsStrict(t *testing.T) {
	t.Parallel()
	types := runtime.NewScheme()
	require.NoError(t, scheme.AddToScheme(types))
	_, _, err := serializer.NewCodecFactory(types, serializer.EnableStrict).UniversalDeserializer().
		Decode([]byte("apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selektor: {a: b}}\n"), nil, nil)
	require.ErrorContains(t, err, "selektor")
}

func TestChart_HasWhatEachRoleNeeds(t *testing.T) {
	t.Parallel()
	all := objects(t, render(t, everything))
	require.Equal(t, []string{"shop-paygate-api", "shop-paygate-checkout", "shop-paygate-dashboard", "shop-paygate-worker-payments", "shop-paygate-worker-webhooks"},
		names(of[*apps.Deployment](all)))
	require.Equal(t, []string{"shop-paygate-api", "shop-paygate-checkout", "shop-paygate-dashboard", "shop-paygate-worker-payments"},
		names(of[*autoscaling.HorizontalPodAutoscaler](all)))
	require.Equal(t, []string{"shop-paygate-api", "shop-paygate-checkout", "shop-paygate-dashboard", "shop-paygate-worker-payments"},
		names(of[*policy.PodDisruptionBudget](all)), "one of a single replica would only keep nodes from being drained")
	require.Len(t, of[*networking.NetworkPolicy](all), 6)
	require.Len(t, of[*networking.Ingress](all), 3)
	require.Len(t, of[*monitoring.ServiceMonitor](all), 1)

	env := variables(of[*apps.Deployment](all)["shop-paygate-worker-payments"].Spec.Template.Spec)
	require.Equal(t, "payments=200", env["PAYGATE_QUEUES"].Value)
	require.Equal(t, "2m", env["RIVER_JOB_TIMEOUT"].Value)
	require.Equal(t, "paygate-db-app", env["DATABASE_URL"].ValueFrom.SecretKeyRef.Name)
	require.Contains(t, variables(of[*apps.Deployment](all)["shop-paygate-dashboard"].Spec.Template.Spec), "DATABASE_REPLICA_URL")
	require.NotContains(t, env, "DATABASE_REPLICA_URL")
	scaled := of[*autoscaling.HorizontalPodAutoscaler](all)["shop-paygate-worker-payments"]
	require.Len(t, scaled.Spec.Metrics, 2)
	require.Equal(t, "paygate_queue_oldest_seconds", scaled.Spec.Metrics[1].External.Metric.Name)
	require.Equal(t, "5", scaled.Spec.Metrics[1].External.Target.Value.String())

	migration := of[*batch.Job](all)["shop-paygate-migrate"]
	require.Equal(t, "pre-install,pre-upgrade", migration.Annotations["helm.sh/hook"])
	require.Equal(t, "paygate-db-direct", variables(migration.Spec.Template.Spec)["DATABASE_URL"].ValueFrom.SecretKeyRef.Name)

	defaults := objects(t, render(t, ""))
	require.Len(t, of[*apps.Deployment](defaults), 4)
	require.Equal(t, "paygate-db-app", variables(of[*batch.Job](defaults)["shop-paygate-migrate"].Spec.Template.Spec)["DATABASE_URL"].ValueFrom.SecretKeyRef.Name)
}

func names[T any](of map[string]T) []string {
	var all []string
	for name := range of {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func variables(pod core.PodSpec) map[string]core.EnvVar {
	found := map[string]core.EnvVar{}
	for _, variable := range pod.Containers[0].Env {
		found[variable.Name] = variable
	}
	return found
}

// pods are the templates of everything that runs, by the name of its owner.
func pods(all []runtime.Object) map[string]core.PodTemplateSpec {
	found := map[string]core.PodTemplateSpec{}
	for name, deployment := range of[*apps.Deployment](all) {
		found[name] = deployment.Spec.Template
	}
	for name, job := range of[*batch.Job](all) {
		found[name] = job.Spec.Template
	}
	return found
}

// TestChart_PodsMayDoNothingButRun holds every pod to the restricted Pod Security Standard, and a little more.
func TestChart_PodsMayDoNothingButRun(t *testing.T) {
	t.Parallel()
	for name, values := range settings {
		for owner, template := range pods(objects(t, render(t, values))) {
			at := name + " " + owner
			pod := template.Spec
			require.True(t, *pod.SecurityContext.RunAsNonRoot, at)
			require.NotZero(t, *pod.SecurityContext.RunAsUser, at)
			require.Equal(t, core.SeccompProfileTypeRuntimeDefault, pod.SecurityContext.SeccompProfile.Type, at)
			require.False(t, *pod.AutomountServiceAccountToken, at)
			require.False(t, pod.HostNetwork || pod.HostPID || pod.HostIPC, at)
			require.Len(t, pod.Containers, 1, at)
			container := pod.Containers[0]
			require.False(t, *container.SecurityContext.AllowPrivilegeEscalation, at)
			require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem, at)
			require.Equal(t, []core.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop, at)
			require.Empty(t, container.SecurityContext.Capabilities.Add, at)
			require.NotEmpty(t, container.Resources.Requests, at)
			require.NotContains(t, container.Image, ":latest", at)
		}
	}
}

// TestChart_SettingsExist holds every variable to the list that is made from the commands.
func TestChart_SettingsExist(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	for _, values := range settings {
		for owner, template := range pods(objects(t, render(t, values))) {
			role := template.Spec.Containers[0].Args[0]
			for name, variable := range variables(template.Spec) {
				row := regexp.MustCompile("(?m)^\\| `" + name + "` \\|.*`" + role + "`.*$")
				shared := variable.ValueFrom == nil && name == "PAYGATE_CHECKOUT_URL"
				require.True(t, shared || row.Match(document), "%s: %s is no setting of %s", owner, name, role)
				secret := strings.HasSuffix(name, "_URL") && strings.Contains(name, "DATABASE") || name == "REDIS_URL" || name == "PAYGATE_ENCRYPTION_KEYS"
				require.Equal(t, secret, variable.ValueFrom != nil, "%s: what is secret comes from a secret: %s", owner, name)
			}
			require.Len(t, template.Spec.Containers[0].Env, len(variables(template.Spec)), "%s: a variable is given twice", owner)
		}
	}
}

// TestChart_RefersToWhatIsThere follows the names and labels by which objects find each other.
func TestChart_RefersToWhatIsThere(t *testing.T) {
	t.Parallel()
	for _, values := range settings {
		all := objects(t, render(t, values))
		deployments, running := of[*apps.Deployment](all), pods(all)
		chosen := func(selector *meta.LabelSelector) (owners []string) {
			by, err := meta.LabelSelectorAsSelector(selector)
			require.NoError(t, err)
			for owner, template := range running {
				if by.Matches(labels.Set(template.Labels)) {
					owners = append(owners, owner)
				}
			}
			return owners
		}
		for name, deployment := range deployments {
			require.Equal(t, []string{name}, chosen(deployment.Spec.Selector))
			container := deployment.Spec.Template.Spec.Containers[0]
			ports := map[string]bool{}
			for _, port := range container.Ports {
				ports[port.Name] = true
			}
			for _, probe := range []*core.Probe{container.StartupProbe, container.LivenessProbe, container.ReadinessProbe} {
				require.True(t, ports[probe.HTTPGet.Port.StrVal], "%s: %s", name, probe.HTTPGet.Port.StrVal)
			}
			require.Contains(t, of[*core.ServiceAccount](all), deployment.Spec.Template.Spec.ServiceAccountName)
			require.Greater(t, *deployment.Spec.Template.Spec.TerminationGracePeriodSeconds, int64(25+5), "it drains for 25 s, after the pause")
		}
		for name, service := range of[*core.Service](all) {
			require.Equal(t, []string{name}, chosen(&meta.LabelSelector{MatchLabels: service.Spec.Selector}))
			for _, port := range service.Spec.Ports {
				require.True(t, slices.ContainsFunc(running[name].Spec.Containers[0].Ports, func(p core.ContainerPort) bool { return p.Name == port.TargetPort.StrVal }), name)
			}
		}
		for name, budget := range of[*policy.PodDisruptionBudget](all) {
			require.Equal(t, []string{name}, chosen(budget.Spec.Selector))
		}
		for name, rules := range of[*networking.NetworkPolicy](all) {
			require.Equal(t, []string{name}, chosen(&rules.Spec.PodSelector))
			require.Len(t, rules.Spec.PolicyTypes, 2, "what is not allowed is denied, both ways")
			for _, rule := range rules.Spec.Ingress {
				require.NotEmpty(t, rule.From, "%s: from everywhere", name)
			}
			for _, rule := range rules.Spec.Egress {
				require.NotEmpty(t, rule.To, "%s: to everywhere", name)
				require.NotEmpty(t, rule.Ports, "%s: by every port", name)
			}
		}
		require.Len(t, of[*networking.NetworkPolicy](all), len(running))
		for name, scaled := range of[*autoscaling.HorizontalPodAutoscaler](all) {
			require.Contains(t, deployments, scaled.Spec.ScaleTargetRef.Name)
			require.Nil(t, deployments[name].Spec.Replicas, "each upgrade would undo the scaling")
			require.Less(t, *scaled.Spec.MinReplicas, scaled.Spec.MaxReplicas)
		}
		for name, ingress := range of[*networking.Ingress](all) {
			backend := ingress.Spec.Rules[0].HTTP.Paths[0].Backend.Service
			require.Equal(t, name, backend.Name)
			require.True(t, slices.ContainsFunc(of[*core.Service](all)[name].Spec.Ports, func(p core.ServicePort) bool { return p.Name == backend.Port.Name }))
			require.NotEmpty(t, ingress.Spec.TLS)
		}
	}
}

// TestChart_OnlyWorkersReachTheInternet: a webhook is the one thing that goes out.
func TestChart_OnlyWorkersReachTheInternet(t *testing.T) {
	t.Parallel()
	for name, rules := range of[*networking.NetworkPolicy](objects(t, render(t, everything))) {
		var blocks []string
		for _, rule := range rules.Spec.Egress {
			for _, to := range rule.To {
				if to.IPBlock != nil {
					blocks = append(blocks, to.IPBlock.CIDR)
					if to.IPBlock.CIDR == "0.0.0.0/0" {
						require.Subset(t, to.IPBlock.Except, []string{"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"})
					}
				}
			}
		}
		if strings.Contains(name, "worker") {
			require.Equal(t, []string{"0.0.0.0/0", "2000::/3"}, blocks, name)
		} else {
			require.Empty(t, blocks, name)
		}
	}
}

func TestChart_KeepsNoSecret(t *testing.T) {
	t.Parallel()
	for _, values := range settings {
		for at, document := range render(t, values) {
			var object map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(document), &object))
			require.NotEqual(t, "Secret", object["kind"], at)
			require.NotContains(t, document, "PAYGATE_DEVELOPMENT", at)
			require.NotContains(t, document, "postgres://", at)
		}
	}
}
