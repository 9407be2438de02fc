"""What stops an approval, and one table of all that was checked."""

from monitoring.gates.checks import Check
from monitoring.gates.limits import gate_limits

__all__ = ["Check", "gate_limits"]
