"""Grafana's dashboards as code; `python -m dashboards` writes them to grafana/dashboards."""
