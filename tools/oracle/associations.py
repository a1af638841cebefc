"""Goldens of asn_from_list, skycell_asn and the matching of sky cells (romancal 1.0.1).

    python associations.py ../../fixtures/associations            # what the tests read
    python associations.py OUT --all                              # a full-sky skymap and hundreds of pointings: see check_matches.mjs

A pointing is a WFI detector of 4088 x 4088 pixels of 0.11 arcsec, gnomonic about its middle: (ra, dec, position angle).
"""
import argparse
import contextlib
import io
import json
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("CRDS_PATH", os.path.join(tempfile.gettempdir(), "no-crds"))
import numpy as np
import roman_datamodels.datamodels as rdm
from romancal.associations import asn_from_list, skycell_asn
from romancal.skycell import match
from romancal.skycell import skymap as sc

SUBSET = Path(sc.__file__).parent / "tests/data/skymap_subset.asdf"
HALF = 4088 / 2

SUBSET_POINTINGS = [
    (0, 90, 0), (123.4, 89.93, 31), (0.0, 89.5, 45), (359.98, 88.9, 10), (0.02, 88.2006, 77), (180, 88.2006, 5),
    (0, 88.15, 0), (337.5, 87, 20), (22.5, 86.2, 60), (22.9, 86.2, 12), (0, 84.6001, 0), (350, 84.56, 33), (11, 84.3, 0),
    (5.5, 86.4, 90), (45, 88.21, 15),
]
SKY_POINTINGS = [
    (0, 90, 0), (200, 89.9, 45), (77, -89.95, 3), (0, -88.2006, 30), (135, -88.19, 60), (0, 0, 0), (359.97, 12.6, 45),
    (0.01, -43.2, 70), (180, 61.3, 22), (270, 66, 0), (90.2, -5.4, 10), (302, 34.19, 80), (0, 84.6001, 15), (211.7, -81, 40),
]


def wcs_of(ra, dec, angle, size=2 * HALF, scale=0.11):
    info = dict(pixel_scale=scale / 3600, ra_projection_center=ra, dec_projection_center=dec, orientat=angle,
                x0_projection=size / 2 - 0.5, y0_projection=size / 2 - 0.5)
    box = ((-0.5, size - 0.5), (-0.5, size - 0.5))
    wcs = sc._wcsinfo_to_wcs(info, bounding_box=box)
    wcs.array_shape = (int(size), int(size))
    return wcs


POLYGONS = {}


def use(path):
    POLYGONS.clear()
    sc.SKYMAP._path, sc.SKYMAP._data = Path(path), None
    for name in ("skycells", "projection_regions_kdtree"):
        sc.SKYMAP.__dict__.pop(name, None)


def polygons(cells):
    """SkyCells.polygons, each made once: romancal makes them anew for each exposure."""
    for index, corners, center in zip(cells.indices.tolist(), cells.vectorpoint_corners, cells.vectorpoint_centers, strict=True):
        if index not in POLYGONS:
            POLYGONS[index] = match.sgp.SingleSphericalPolygon(points=corners, inside=center)
    return [POLYGONS[index] for index in cells.indices.tolist()]


def matches(path, pointings):
    use(path)
    sc.SkyCells.polygons = property(polygons)
    found = []
    for pointing in pointings:
        indices = np.unique(match.find_skycell_matches(wcs_of(*pointing))).astype(int)
        names = sc.SKYMAP.model.skycells["name"][indices].tolist()
        found.append({"pointing": list(pointing), "skycells": names})
    return found


def full_sky(path, cells=3):
    """The whole sky in bands of the real skymap's height, with few large sky cells."""
    source = rdm.open(SUBSET)
    height, pixels = 3.60052484, 600
    regions, rows = [], []

    def add(ra, dec, bounds, width, tall):
        scale = max(width, tall) * 3600 / (cells * pixels - (cells - 1) * 20) * 1.03
        step, half = pixels - 20, (pixels * cells - 20 * (cells - 1) - 1) / 2
        start = len(rows)
        wcs = sc._wcsinfo_to_wcs(dict(pixel_scale=scale / 3600, ra_projection_center=ra, dec_projection_center=dec,
                                      x0_projection=half, y0_projection=half, orientat=0.0))
        j, i = np.divmod(np.arange(cells * cells), cells)
        at_x = np.array([(pixels - 1) / 2, -0.5, pixels - 0.5, pixels - 0.5, -0.5])
        at_y = np.array([(pixels - 1) / 2, -0.5, -0.5, pixels - 0.5, pixels - 0.5])
        lon, lat = wcs((at_x[None] + i[:, None] * step).ravel(), (at_y[None] + j[:, None] * step).ravel())
        points = np.stack([lon, lat], axis=1).reshape(cells * cells, 10)
        for k in range(cells * cells):
            name = f"{len(regions):04d}x{49 + i[k]}y{49 + j[k]}"
            rows.append((name, *points[k, :2], 0.0, half - i[k] * step, half - j[k] * step, *points[k, 2:]))
        regions.append((len(regions), ra, dec, *bounds, 0.0, half, half, 2 * half + 1, 2 * half + 1, start, len(rows)))

    cap = 90 - height / 2
    add(0.0, -90.0, (0, 360, -90, -cap), height, height)
    bands = int(round(2 * cap / height))
    for band in range(bands):
        low, high = -cap + band * height, -cap + (band + 1) * height
        widest = 0 if low < 0 < high else min(abs(low), abs(high))
        count = max(8, int(np.ceil(360 * np.cos(np.deg2rad(widest)) / height)))
        for k in range(count):
            ra, span = k * 360 / count, 360 / count
            bounds = ((ra - span / 2) % 360, (ra + span / 2) % 360, low, high)
            width = 2 * np.rad2deg(np.tan(np.deg2rad(span / 2)) * np.cos(np.deg2rad(widest)))
            add(ra, (low + high) / 2, bounds, width, height * 1.12)
    add(0.0, 90.0, (0, 360, cap, 90), height, height)
    model = rdm.SkycellsRefModel.create_fake_data() if hasattr(rdm, "SkycellsRefModel") else source.copy()
    for key, value in source.meta.items():
        model["meta"][key] = value
    model.meta["nxy_skycell"], model.meta["skycell_border_pixels"] = pixels, 20
    model["projection_regions"] = np.array(regions, dtype=source.projection_regions.dtype)
    model["skycells"] = np.array(rows, dtype=source.skycells.dtype)
    model.to_asdf(path)


def excerpt(source, path, pointings, reach):
    """The rows within `reach` degrees of a pointing, and the regions that have any."""
    use(source)
    model = sc.SKYMAP.model
    cells, regions = np.array(model.skycells), np.array(model.projection_regions)

    def vectors(lon, lat):
        lon, lat = np.deg2rad(lon), np.deg2rad(lat)
        return np.stack([np.cos(lon) * np.cos(lat), np.sin(lon) * np.cos(lat), np.sin(lat)], axis=-1)

    at = vectors(*np.array([p[:2] for p in pointings], float).T)
    near = (vectors(cells["ra_center"], cells["dec_center"]) @ at.T).max(axis=1) > np.cos(np.deg2rad(reach))
    kept, table = [], []
    for region in regions:
        rows = np.arange(region["skycell_start"], region["skycell_end"])
        rows = rows[near[rows]]
        if len(rows):
            region["skycell_start"], region["skycell_end"] = len(table), len(table) + len(rows)
            region["index"] = len(kept)
            table.extend(rows)
            kept.append(region)
    out = rdm.SkycellsRefModel.create_fake_data() if hasattr(rdm, "SkycellsRefModel") else rdm.open(source).copy()
    for key, value in model.meta.items():
        out["meta"][key] = value
    out["projection_regions"], out["skycells"] = np.array(kept, dtype=regions.dtype), cells[table]
    out.to_asdf(path, all_array_compression="bzp2")


def quiet(work, *args):
    with contextlib.redirect_stdout(io.StringIO()):
        work(*args)


def from_list(out):
    cases = {
        "plain": ["--product-name", "P", "a_cal.asdf", "b_cal.asdf"],
        "target": ["--product-name", "r1_é", "-t", "270p65x48y69", "--data-release-id", "r1",
                   "--psf-match-reference-filter", "f158", "-i", "c1000", "dir/Größe \"x\".asdf"],
    }
    for name, words in cases.items():
        quiet(asn_from_list._cli, ["-o", str(out / f"list_{name}.json"), *words])
    (out / "list_words.json").write_text(json.dumps(cases, indent=1))


def of_skycells(out, fixtures):
    """Associations of the bundled case under the names of two visits, two passes and two filters."""
    cases = []
    use(fixtures / "references/skymap_bundled.asdf")
    files = sorted((fixtures / "bundled").glob("*_cal.asdf"))
    names = ["r0000101001001001001_0001_wfi01_f158_cal.asdf", "r0000101001001001002_0001_wfi01_f158_cal.asdf",
             "r0000101002001001001_0001_wfi01_f158_cal.asdf", "r0000101001001001001_0002_wfi01_f158_cal.asdf"]
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        for file, name in zip(files, names, strict=True):
            shutil.copy(file, Path(folder) / name)
        os.chdir(folder)
        for product_type in ("visit", "pass", "full"):
            skycell_asn.skycell_asn(names, "r00001", product_type, "p")
            written = sorted(Path(".").glob("*_asn.json"))
            cases.append({"product_type": product_type, "files": {p.name: p.read_text() for p in written}})
            for path in written:
                path.unlink()
        os.chdir(here)
    (out / "skycells.json").write_text(json.dumps({"names": names, "cases": cases}, indent=1))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--all", action="store_true")
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    if a.all:
        rng = np.random.default_rng(4)
        full_sky(a.out / "skymap_sky.asdf")
        z, ra, angle = rng.uniform(-1, 1, 150), rng.uniform(0, 360, 150), rng.uniform(0, 360, 150)
        sky = [*SKY_POINTINGS, *zip(ra.tolist(), np.rad2deg(np.arcsin(z)).tolist(), angle.tolist())]
        grid = [(ra, dec, 17.0) for dec in (84.55, 86.0, 88.15, 88.25, 89.7)
                for ra in (0, 11, 22.4, 22.6, 135, 337.4, 359.9)]
        (a.out / "matches_sky.json").write_text(json.dumps(matches(a.out / "skymap_sky.asdf", sky)))
        (a.out / "matches_subset.json").write_text(json.dumps(matches(SUBSET, [*SUBSET_POINTINGS, *grid])))
        return
    fixtures = Path(__file__).resolve().parents[2] / "fixtures"
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "sky.asdf"
        full_sky(whole)
        found = {"subset": matches(SUBSET, SUBSET_POINTINGS), "sky": matches(whole, SKY_POINTINGS)}
        excerpt(SUBSET, a.out / "skymap_subset.asdf", SUBSET_POINTINGS, 0.25)
        excerpt(whole, a.out / "skymap_sky.asdf", SKY_POINTINGS, 3)
    (a.out / "matches.json").write_text(json.dumps(found, indent=1))
    from_list(a.out)
    of_skycells(a.out, fixtures)


if __name__ == "__main__":
    main()
