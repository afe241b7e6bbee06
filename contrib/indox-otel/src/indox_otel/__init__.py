"""OpenTelemetry spans and metrics of Indox calls: `Client(plugins=[Telemetry()])`."""

from ._telemetry import Telemetry

__all__ = ["Telemetry"]
