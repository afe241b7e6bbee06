"""OpenTelemetry spans and metrics of Indox calls."""
