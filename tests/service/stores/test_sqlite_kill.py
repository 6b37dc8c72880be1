"""``kill -9`` while observations are appended: what was committed is there, whole and in order; nothing else is."""

import signal
import subprocess
import sys
from pathlib import Path

from service.stores.registry import open_store
from tests.service.stores.journal_checks import append_of, same_append

ROOT = Path(__file__).parents[3]
WRITER = """
import sys
from service.stores.interface import Put
from service.stores.registry import open_store
from tests.service.stores.conformance import record_of
from tests.service.stores.journal_checks import append_of

store = open_store(sys.argv[1])
for number in range(1, 1_000_000):
    writes = [append_of(number, f"s{number}", "t")]
    store.commit([*writes, Put(record_of("k", count=number), b"x" * number)] if number % 7 == 0 else writes)
    print(number, flush=True)
"""


def test_what_was_committed_survives_a_kill(tmp_path: Path) -> None:
    """An observation that was answered and is not in the journal after the kill is lost."""
    url = f"sqlite:///{tmp_path}/s.db"
    for least in (40, 200):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) >= least:
                break
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([least, *map(int, writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
        store = open_store(url)
        found = list(store.appended())
        assert acknowledged <= len(found) <= acknowledged + 1  # the last may have been written and not been said
        assert all(same_append(append, append_of(n, f"s{n}", "t")) for n, append in enumerate(found, 1))
        record, last = store.get("k"), len(found) - len(found) % 7
        assert record is not None and record.count == last and store.state("k") == b"x" * last
        store.close()
        for file in tmp_path.iterdir():
            file.unlink()
