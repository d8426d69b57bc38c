{{- define "keyrotation.pod" -}}
metadata:
  labels:
    app: keyrotation-{{ .name }}
    azure.workload.identity/use: "true"
spec:
  serviceAccountName: keyrotation
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: sync
      image: {{ .root.Values.image }}
      args: {{ .args | toJson }}
      {{- if eq .root.Values.mode "watch" }}
      readinessProbe:
        exec:
          command:
            - /usr/local/bin/keyrotation
            - sync
            - --check
            - --refresh-before={{ .root.Values.refreshBefore }}
            - --config=/etc/keyrotation/keyrotation.toml
        initialDelaySeconds: 15
        periodSeconds: 300
        timeoutSeconds: 60
        failureThreshold: 2
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: ["ALL"]
      resources:
        requests:
          cpu: 10m
          memory: 32Mi
        limits:
          memory: 64Mi
      volumeMounts:
        - name: settings
          mountPath: /etc/keyrotation
          readOnly: true
  volumes:
    - name: settings
      configMap:
        name: keyrotation
{{- end }}
