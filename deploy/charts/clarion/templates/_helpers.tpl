{{- /*
Templates do without any key that some version of MetalLB's chart lacks: `helm upgrade --reuse-values` brings the values of
that chart, defaults included, in place of those of this one.
*/}}
{{- define "clarion.name" -}}
{{- default "metallb" .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "clarion.fullname" -}}
{{- $name := include "clarion.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* Whether anybody serves webhooks: empty, or not. */}}
{{- define "clarion.hasWebhooks" -}}
{{- if and .Values.controller.enabled (ne (dig "webhookMode" "enabled" .Values.controller) "disabled") }}true{{ end }}
{{- end }}

{{- define "clarion.selectorLabels" -}}
app.kubernetes.io/name: {{ include "clarion.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "clarion.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "clarion.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* The name of a ServiceAccount: dict "root" $ "component" "speaker" */}}
{{- define "clarion.serviceAccountName" -}}
{{- $account := (index .root.Values .component).serviceAccount }}
{{- if $account.create }}
{{- default (printf "%s-%s" (include "clarion.fullname" .root) .component) $account.name }}
{{- else }}
{{- default "default" $account.name }}
{{- end }}
{{- end }}

{{- /* The image of a component. That of MetalLB, left over in somebody's values, would not know what to do. */}}
{{- define "clarion.image" -}}
{{- $image := (index .root.Values .component).image }}
{{- if contains "metallb/" $image.repository }}
{{- fail (printf "%s.image.repository is MetalLB's image: remove the value, or name Clarion's" .component) }}
{{- end }}
{{- printf "%s:%s" $image.repository (default .root.Chart.AppVersion $image.tag) }}
{{- end }}

{{- /* The port of the probes of a component, which one server answers: dict "root" $ "component" "speaker" */}}
{{- define "clarion.healthPort" -}}
{{- $ports := list }}
{{- range pick (index .root.Values .component) "livenessProbe" "readinessProbe" }}
{{- if .enabled }}
{{- $ports = append $ports (default 17472 .port | toString) | uniq }}
{{- end }}
{{- end }}
{{- if gt (len $ports) 1 }}
{{- fail (printf "%s.livenessProbe.port and %s.readinessProbe.port are to be the same" .component .component) }}
{{- end }}
{{- default "17472" (first $ports) }}
{{- end }}

{{- define "clarion.arguments" -}}
{{- $healthPort := include "clarion.healthPort" . }}
- --port={{ .root.Values.prometheus.metricsPort }}
{{- if ne $healthPort "17472" }}
- --health-probe-port={{ $healthPort }}
{{- end }}
- --log-level={{ (index .root.Values .component).logLevel }}
{{- with .root.Values.loadBalancerClass }}
- --lb-class={{ . }}
{{- end }}
{{- with (.root.Values.tls).minVersion }}
- --tls-min-version={{ . }}
{{- end }}
{{- with (.root.Values.tls).cipherSuites }}
- --tls-cipher-suites={{ . }}
{{- end }}
{{- with (.root.Values.tls).curvePreferences }}
- --tls-curve-preferences={{ . }}
{{- end }}
{{- if .metricsSecret }}
- --metrics-cert-dir=/etc/metrics
{{- end }}
{{- end }}

{{- define "clarion.probes" -}}
{{- $values := index .root.Values .component }}
{{- range $name, $path := dict "livenessProbe" "/healthz" "readinessProbe" "/readyz" }}
{{- $probe := index $values $name }}
{{- if $probe.enabled }}
{{ $name }}:
  httpGet:
    path: {{ $path }}
    port: {{ include "clarion.healthPort" $ }}
    {{- with $.host }}
    host: {{ . }}
    {{- end }}
  {{- omit $probe "enabled" "port" | toYaml | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{- define "clarion.podAnnotations" -}}
{{- if .root.Values.prometheus.scrapeAnnotations }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ .root.Values.prometheus.metricsPort | quote }}
{{- end }}
{{- with (index .root.Values .component).podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}
