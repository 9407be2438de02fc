"""That what was issued is what was recorded, and can be made again."""

from service.proof.bundle import read_bundle
from service.proof.exporting import collect, export
from service.proof.provenance import as_text, provenance
from service.proof.rebuilding import rebuild, refuse_difference
from service.proof.whole_record import export_head, verify_record

__all__ = [
    "as_text",
    "collect",
    "export",
    "export_head",
    "provenance",
    "read_bundle",
    "rebuild",
    "refuse_difference",
    "verify_record",
]
