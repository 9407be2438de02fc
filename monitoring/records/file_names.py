"""Names of the records, as they lie in one folder beside their evidence."""

from __future__ import annotations

TRANSPARENCY_FILE = "algorithmic-transparency.md"
TRANSPARENCY_JSON_FILE = "algorithmic-transparency.json"
MODEL_CARD_FILE = "model-card.md"
EQUALITY_FILE = "equality-duty.md"
DATASHEET_FILE = "datasheet.md"
CHECKLIST_FILE = "checklist.md"
EVIDENCE_FOLDER = "evidence"

LEADERBOARD = f"{EVIDENCE_FOLDER}/leaderboard.json"
NOISE_FLOOR = f"{EVIDENCE_FOLDER}/noise_floor.json"
COVERAGE = f"{EVIDENCE_FOLDER}/coverage.json"
AUDIT = f"{EVIDENCE_FOLDER}/audit.json"
GATES = f"{EVIDENCE_FOLDER}/gates.json"
PUBLICATIONS = f"{EVIDENCE_FOLDER}/publications.json"
ENVIRONMENT = f"{EVIDENCE_FOLDER}/environment.json"
