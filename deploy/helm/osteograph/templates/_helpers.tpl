{{- define "osteograph.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- /* What selects the pods of a component: (list $ "api"). It never changes between versions. */ -}}
{{- define "osteograph.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: osteograph
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "osteograph.labels" -}}
{{- $root := index . 0 -}}
{{ include "osteograph.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{- /* (list $ image): its digest, else its tag, else those of image, of which the digest counts for the same repository alone; else the version of the chart. */ -}}
{{- define "osteograph.image" -}}
{{- $root := index . 0 }}{{ $image := index . 1 -}}
{{- $repository := $image.repository | default $root.Values.image.repository -}}
{{- $shared := and (not $image.tag) (eq $repository $root.Values.image.repository) -}}
{{- $digest := $image.digest | default (ternary $root.Values.image.digest "" $shared) -}}
{{- if $digest }}{{ $repository }}@{{ $digest }}{{ else }}{{ $repository }}:{{ $image.tag | default $root.Values.image.tag | default $root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "osteograph.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "osteograph.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "osteograph.secrets" -}}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: database-url } }
- name: AWS_ACCESS_KEY_ID
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: aws-access-key-id } }
- name: AWS_SECRET_ACCESS_KEY
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: aws-secret-access-key } }
- name: OSTEOGRAPH_METRICS_TOKEN
  valueFrom: { secretKeyRef: { name: {{ .Values.secretName }}, key: metrics-token } }
{{- end }}

{{- define "osteograph.mounts" -}}
- { name: tmp, mountPath: /tmp }
- { name: data, mountPath: /data }
{{- end }}

{{- /* (list $ values of a component): where its pods may run, and what they may pull. */ -}}
{{- define "osteograph.placement" -}}
{{- $root := index . 0 }}{{ $component := index . 1 -}}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $component.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $component.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $component.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
