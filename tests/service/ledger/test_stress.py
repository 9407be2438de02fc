"""The short form of ``benchmarks.ledger_stress``: several processes, one ledger, and a database that is restarted."""

from __future__ import annotations

from benchmarks.ledger_stress import restart_postgres, stress


def test_processes_at_once_and_two_restarts_of_postgresql_lose_nothing(postgres, postgres_server, seal):
    seal.make(None)
    outcome = stress(
        postgres,
        seal,
        processes=4,
        seconds=6.0,
        restart=lambda number: restart_postgres(postgres_server, number),
        restarts=2,
        least=8,
    )
    assert outcome.is_sound(), outcome
    assert outcome.clear_errors.keys() <= {message for message in outcome.clear_errors if "cannot be used" in message}
    assert outcome.lost_connections > 0
    assert outcome.entries > 20


def test_two_processes_on_sqlite_lose_nothing(tmp_path, seal):
    seal.make(None)
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    outcome = stress(url, seal, processes=2, seconds=2.0, restart=lambda _: None, restarts=0, least=6)
    assert outcome.is_sound(), outcome
    assert outcome.clear_errors == {}
    assert outcome.entries > 10
