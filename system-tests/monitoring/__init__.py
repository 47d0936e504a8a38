"""What operators see of a running platform: metrics, alerts, traces, logs."""
