"""Make the bundled case and the two other small ones, run romancal on them, and store what the tests compare with.

    python cases.py FIXTURES [CASE …] [--fresh]        (an environment with requirements.txt; about two minutes)

Exposures that are there already are kept, unless --fresh asks for new ones.

Per case, FIXTURES/NAME/ holds the exposures and the association, and FIXTURES/NAME/golden.asdf what romancal 1.0.1 made of them:
sky levels, outlier masks, mosaic (two crops in full, the whole as means of blocks of 10 x 10 pixels), metadata, segmentation
map and catalog. FIXTURES/references/ holds the skymap and the two reference files of source_catalog.
"""
import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import asdf
import numpy as np
import references
import simulate
import skymap

HERE = Path(__file__).parent
BLOCK = 10
CROP = 96

CASES = {
    # what `npm start` runs: a dense field whose mosaic is covered everywhere
    "bundled": dict(ra=270.0, dec=66.0, size=400, pixels=600, skies=[0.33, 0.35, 0.31, 0.34], objects=150, seed=404),
    # across RA 0 near the pole; the mosaic's rim is not covered
    "pole": dict(ra=359.9995, dec=89.2, size=256, pixels=600, skies=[0.33, 0.36, 0.30], objects=110, seed=259),
    # no var_rnoise, sky levels far apart, sky cell described by the association alone
    "sky": dict(ra=80.0, dec=-30.0, size=256, pixels=500, skies=[0.2, 0.5, 1.2, 0.33, 2.5], objects=110, seed=261,
                read_noise_variance=False, in_association=True),
}


def exposures(folder, *, ra, dec, size, skies, objects, seed, read_noise_variance=True, **_):
    r = np.random.default_rng(seed)
    names = []
    for i, sky in enumerate(skies, 1):
        names.append(f"r0000101001001001001_{i:04d}_wfi01_f158_cal.asdf")
        spread = size * 0.012
        simulate.exposure(folder / names[-1], ra=ra, dec=dec, pa=30 + 0.1 * i, number=i, size=size, objects=objects,
                          offset=(0, 0) if i == 1 else r.uniform(-spread, spread, 2), radius=size * 0.11 / 3600 * 0.8,
                          noise_seed=100 + i, sky=sky, read_noise_variance=read_noise_variance)
    return names


def skycell_info(skymap_file, name):
    from romancal.skycell.skymap import SkyCells, SkyMap

    info = dict(SkyCells.from_names([name], skymap=SkyMap(skymap_file)).wcs_infos[0])
    info["name"] = name
    return {k: v.item() if hasattr(v, "item") else v for k, v in info.items()}


def blocks(plane):
    ny, nx = (n // BLOCK * BLOCK for n in plane.shape)
    parts = plane[:ny, :nx].reshape(ny // BLOCK, BLOCK, nx // BLOCK, BLOCK)
    return np.nanmean(parts.astype(float), axis=(1, 3)).astype(np.float32)


def plain(node):
    """A tree of models as plain values; tables as columns."""
    if hasattr(node, "colnames"):
        return {name: [plain(v) for v in node[name]] for name in node.colnames}
    if hasattr(node, "items"):
        return {str(k): plain(v) for k, v in node.items() if k not in ("wcs", "cal_logs")}
    if isinstance(node, Sequence) and not isinstance(node, (str, bytes)):
        return [plain(v) for v in node]
    if hasattr(node, "isot"):
        return node.isot
    if isinstance(node, np.generic):
        return node.item()
    return node if isinstance(node, (int, float, bool, str, type(None))) else str(node)


def mosaic_golden(run, product, count):
    """What skymatch, outlier_detection and resample made."""
    from roman_datamodels import datamodels as rdm

    mosaic = rdm.open(run / f"{product}_coadd.asdf")
    planes = {n: np.asarray(mosaic[n]) for n in ("data", "err", "weight", "var_rnoise", "var_poisson")}
    ny, nx = planes["data"].shape
    valid = np.argwhere(np.isfinite(planes["data"]))
    corner = valid[np.argmin(valid.sum(axis=1))] - CROP // 3
    starts = [np.clip(corner, 0, [ny - CROP, nx - CROP]), np.array([ny, nx]) // 2 - CROP // 2]
    context = np.asarray(mosaic.context)
    crops = []
    for y, x in starts:
        cut = np.s_[y : y + CROP, x : x + CROP]
        crops.append(dict(y0=int(y), x0=int(x), context=np.ascontiguousarray(context[(..., *cut)]),
                          **{n: np.ascontiguousarray(p[cut]) for n, p in planes.items()}))
    yy, xx = (v.ravel() for v in np.meshgrid(np.linspace(0, ny - 1, 5), np.linspace(0, nx - 1, 5)))
    ra, dec = mosaic.meta.wcs(xx, yy)
    return dict(
        sky=[float(np.load(run / f"mid/sky_{i}.npy")) for i in range(count)],
        outliers=np.stack([np.packbits((np.load(run / f"mid/dq_{i}.npy") & 128) != 0) for i in range(count)]),
        shape=[ny, nx],
        blocks={n: blocks(p) for n, p in planes.items()} | dict(covered=blocks(np.isfinite(planes["data"]).astype(float)),
                                                                 context=blocks(sum(np.bitwise_count(c) for c in context).astype(float))),
        crops=crops,
        wcs=dict(x=xx, y=yy, ra=ra, dec=dec),
        meta=plain(mosaic.meta),
    )


def golden(run, product, count):
    from astropy.table import Table

    segm_file = asdf.open(run / f"{product}_segm.asdf")
    segm = segm_file["roman"]
    cat = Table.read(run / f"{product}_cat.parquet")
    return dict(
        **mosaic_golden(run, product, count),
        segmentation=np.asarray(segm["data"]).astype(np.uint16),
        detection=blocks(np.nan_to_num(np.asarray(segm["detection_image"]))),
        catalog={n: column(cat[n]) for n in cat.colnames},
        catalog_meta={str(k): str(v) for k, v in cat.meta.items() if k != "__serialized_columns__"},
    )


def column(values):
    values = np.asarray(values)
    return values.tolist() if values.dtype.kind in "OUS" else np.ascontiguousarray(values)


def simulate_case(folder, skymap_file, case):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    skymap_file.parent.mkdir(exist_ok=True)
    cells = skymap.build(skymap_file, case["ra"], case["dec"], pixels=case["pixels"])
    target = cells[len(cells) // 2]
    names = exposures(folder, **case)
    product = f"r00001_p_v01001001001001_{target}_f158"
    asn_file = simulate.association(folder, product, target, names, name="L3_asn.json")
    if case.get("in_association"):
        asn = json.loads(asn_file.read_text())
        asn["skycell_wcs_info"] = skycell_info(skymap_file, target)
        asn_file.write_text(json.dumps(asn, indent=1))


def make(fixtures, name, fresh):
    case = CASES[name]
    folder = fixtures / name
    skymap_file = fixtures / "references" / f"skymap_{name}.asdf"
    if fresh or not (folder / "L3_asn.json").exists():
        simulate_case(folder, skymap_file, case)
    listed = json.loads((folder / "L3_asn.json").read_text())["products"][0]
    product, names = listed["name"], listed["members"]
    with tempfile.TemporaryDirectory() as scratch:
        run = Path(scratch)
        for file in folder.iterdir():
            shutil.copy(file, run)
        subprocess.run([sys.executable, HERE / "run_romancal.py", run / "L3_asn.json", "--skymap", skymap_file, "--references",
                        fixtures / "references", "--intermediates", run / "mid"], check=True, stdout=subprocess.DEVNULL)
        tree = golden(run, product, len(names))
    asdf.AsdfFile(dict(case={k: v for k, v in case.items()}, **tree)).write_to(folder / "golden.asdf", all_array_compression="zlib")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("fixtures", type=Path)
    p.add_argument("cases", nargs="*", default=list(CASES))
    p.add_argument("--fresh", action="store_true")
    a = p.parse_args()
    fixtures = a.fixtures.resolve()
    if not (fixtures / "references/epsf.asdf").exists():
        references.main(fixtures / "references")
    for name in a.cases:
        make(fixtures, name, a.fresh)
        print(name, sum(f.stat().st_size for f in (fixtures / name).iterdir()) / 1e6, "MB", flush=True)


if __name__ == "__main__":
    main()
