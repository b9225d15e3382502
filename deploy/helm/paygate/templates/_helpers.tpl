{{- define "paygate.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "paygate.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What selects the pods of a component: (dict "root" $ "component" NAME). It never changes between versions. */}}
{{- define "paygate.selector" -}}
app.kubernetes.io/name: paygate
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "paygate.labels" -}}
{{ include "paygate.selector" . }}
app.kubernetes.io/version: {{ .root.Values.image.tag | default .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: paygate
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* A variable from a key of a secret: (dict "name" VARIABLE "secret" NAME "key" KEY). */}}
{{- define "paygate.secretVariable" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: {name: {{ .secret }}, key: {{ .key }}}
{{- end }}

{{- define "paygate.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "paygate.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{/* Every component: a list of dicts with component, role, values and port (0 for none). */}}
{{- define "paygate.components" -}}
{{- $all := list -}}
{{- $all = append $all (dict "component" "api" "role" "api" "port" 8000 "values" .Values.api) -}}
{{- $all = append $all (dict "component" "dashboard" "role" "dashboard" "port" 3000 "values" .Values.dashboard) -}}
{{- $all = append $all (dict "component" "checkout" "role" "checkout" "port" 3001 "values" .Values.checkout) -}}
{{- range $name, $values := .Values.workers -}}
{{- if $values -}}
{{- $all = append $all (dict "component" (printf "worker-%s" $name) "role" "worker" "port" 0 "values" $values) -}}
{{- end -}}
{{- end -}}
{{- toYaml (dict "list" $all) -}}
{{- end }}
