"""Runs the tests of nixtla's own repository that talk HTTP against this server, and counts; by hand.

``python -m tests.service.protocols.nixtla.upstream FOLDER --python PYTHON`` takes a checkout of
github.com/Nixtla/nixtla and an interpreter that has ``nixtla==0.9.0 utilsforecast[plotting] fugue holidays
pandas_market_calendars polars python-dotenv pytest pytest-rerunfailures pytest-timeout``. ``docs/howto/nixtla.md`` has
what it printed.
"""

import argparse
import os
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.harness.server import running_server

ROOT = Path(__file__).parents[4]
FILES = ("client", "nixtla_client", "missing_values", "categorical_features", "detect_anomalies_online",
         "finetune_and_forecast")  # fmt: skip
PASSENGERS = ROOT / "examples" / "data" / "passengers.csv"
# Their tests are of SDK 0.8, whose private names lay in one module; and they fetch a table that lies here.
PLUGIN = f"""
import nixtla._preprocessing as now, nixtla.nixtla_client as then, pandas
for name, value in vars(now).items():
    if not name.startswith("__") and not hasattr(then, name):
        setattr(then, name, value)
read = pandas.read_csv
def read_csv(path, *args, **options):
    if str(path).endswith("/air_passengers.csv"):
        return read({str(PASSENGERS)!r}, *args, **options).rename(columns={{"target": "value"}})
    return read(path, *args, **options)
pandas.read_csv = read_csv
"""
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR|XFAIL|XPASS) \S*/test_(\w+)\.py::(.*)$", re.M)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", nargs="*", default=FILES)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "keys").write_text("tests:any\n")
        (folder / "of_upstream.py").write_text(PLUGIN)
        marks = "\n".join(f"    {name}: theirs" for name in ("distributed_run", "ray_run", "spark_run", "flaky"))
        (folder / "pytest.ini").write_text(f"[pytest]\nmarkers =\n{marks}\n")
        settings = {"api_keys_file": folder / "keys", "jobs_folder": folder / "jobs"}
        with running_server(ROOT / "artifacts", **settings) as server:
            url = f"http://{server.host}:{server.port}"
            names = {f"NIXTLA_{name}": value for name, value in (("BASE_URL", url), ("API_KEY", "any"))}
            variables = os.environ | names | {f"{name}_CUSTOM": value for name, value in names.items()}
            tests = [f"nixtla_tests/nixtla_client/test_{name}.py" for name in options.only]
            ran = subprocess.run(
                [options.python, "-m", "pytest", "-p", "of_upstream", "-p", "no:cacheprovider", "-q", "-rA",
                 "--tb=line", "-c", folder / "pytest.ini", "--rootdir", options.folder, "--timeout", "300", "-m",
                 "not distributed_run", *tests],
                cwd=options.folder, env=variables | {"PYTHONPATH": f"{folder}:."}, capture_output=True, text=True,
                check=False,
            )  # fmt: skip
    found = OUTCOME.findall(ran.stdout)
    if not found:
        raise SystemExit(ran.stdout[-4000:] + ran.stderr[-2000:])
    print("| file | passed | not passed |\n|---|---|---|")
    for name in options.only:
        counts = Counter(outcome for outcome, file, _ in found if file == name)
        passed = counts["PASSED"] + counts["XPASS"]
        print(f"| `test_{name}.py` | {passed} | {counts.total() - passed} |")
    for outcome, file, test in found:
        if outcome != "PASSED":
            print(f"{outcome} {file}::{test[:200]}")


if __name__ == "__main__":
    main()
