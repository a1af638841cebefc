"""Sky levels that romancal 1.0.1's SkyMatchStep finds on a small case, one option of it changed at a time.

    python sky_levels.py FIXTURES          writes FIXTURES/skymatch/levels.json

The exposures are those of the pole case in DN/s (no flux step).
"""
import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.update(CRDS_PATH=os.path.join(tempfile.gettempdir(), "no-crds"), CRDS_SERVER_URL="http://localhost:1", STPIPE_DISABLE_CRDS_STEPPARS="true")
warnings.filterwarnings("ignore")

import crds
import stpipe.crds_client

crds.get_context_name = lambda *a, **k: "roman_0000.pmap"
stpipe.crds_client.get_context_used = lambda observatory: "roman_0000.pmap"
stpipe.crds_client.get_svn_version = lambda: "1"

from romancal.skymatch import SkyMatchStep

OPTIONS = [
    {},
    *({"skymethod": m} for m in ("local", "global", "global+match")),
    {"skymethod": "global+match", "match_down": False},
    {"match_down": False},
    {"subtract": True},
    *({"stepsize": n} for n in (20, 100)),
    *({"skystat": s} for s in ("median", "midpt", "mean")),
    *({"dqbits": b} for b in ("0", "~1", "4, 1", "None")),
    {"skymethod": "local", "lower": 0.3},
    {"skymethod": "local", "upper": 0.34},
    *({"skymethod": "local", "skystat": "mean", "nclip": n} for n in (0, 1, 12)),
    {"skymethod": "local", "skystat": "mean", "lsigma": 1.5},
    {"skymethod": "local", "skystat": "mean", "usigma": 1.5},
    *({"skymethod": "local", "skystat": s, "binwidth": b} for s in ("mode", "midpt") for b in (0.02, 0.5)),
]


def levels(asn, options):
    with SkyMatchStep.call(str(asn), **options) as library:
        found = []
        for model in library:
            background = model.meta.background
            found.append(dict(level=float(background.level), subtracted=bool(background.subtracted), method=str(background.method)))
            library.shelve(model, modify=False)
    return found


def main(fixtures):
    asn = fixtures / "pole/L3_asn.json"
    cases = [dict(options=options, found=levels(asn, options)) for options in OPTIONS]
    (fixtures / "skymatch/levels.json").write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
