"""What romancal 1.0.1 makes of the pole case as HighLevelPipeline: MosaicPipeline without flux and source_catalog.

    python hlp.py FIXTURES [FILE …]

writes FIXTURES/pole/golden_hlp.asdf and, with resample_on_skycell=false, golden_footprint.asdf (crops are smaller than those of cases.py).
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import asdf
import cases

SKIP = {"flux": {"skip": True}, "source_catalog": {"skip": True}}


FILES = {"golden_hlp.asdf": (48, []), "golden_footprint.asdf": (32, ["--no-skycell"])}


def main(fixtures, *files):
    folder = fixtures / "pole"
    listed = json.loads((folder / "L3_asn.json").read_text())["products"][0]
    for file in files or FILES:
        cases.CROP, words = FILES[file]
        with tempfile.TemporaryDirectory() as scratch:
            run = Path(scratch)
            for exposure in folder.glob("*_cal.asdf"):
                shutil.copy(exposure, run)
            shutil.copy(folder / "L3_asn.json", run)
            subprocess.run([sys.executable, Path(__file__).parent / "run_romancal.py", run / "L3_asn.json",
                            "--skymap", fixtures / "references/skymap_pole.asdf", "--references", fixtures / "references",
                            "--intermediates", run / "mid", "--steps", json.dumps(SKIP), *words], check=True, stdout=subprocess.DEVNULL)
            tree = cases.mosaic_golden(run, listed["name"], len(listed["members"]))
        asdf.AsdfFile(tree).write_to(folder / file, all_array_compression="zlib")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
