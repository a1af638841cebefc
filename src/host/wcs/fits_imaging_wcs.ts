import { NdArray } from "../asdf/ndarray.js";
import { type AsdfMap, type AsdfValue, withTag } from "../asdf/types.js";
import { type BoundingBox, boundingBoxNode } from "./bounding_box.js";
import { FitsImaging, type FitsImagingParameters } from "./transforms/fits_imaging.js";
import { Wcs } from "./wcs.js";

export interface FitsImagingInit extends FitsImagingParameters {
  readonly name?: string | null;
  readonly boundingBox?: BoundingBox;
  /** numpy order: [ny, nx]. */
  readonly arrayShape?: readonly [number, number];
  /** Nodes of other frames than romancal's "detector" and "icrs", with their names. */
  readonly frames?: { input: AsdfValue; output: AsdfValue; names: readonly [string, string] };
}

/** A WCS of one gnomonic FITS-imaging transform, with the tree that romancal 1.0.1 writes for one (gwcs 1.0.3's tags). */
export function makeFitsImagingWcs(init: FitsImagingInit): Wcs {
  const { crpix, crval, cdelt, pc, boundingBox, arrayShape } = init;
  const frames = init.frames ?? {
    input: detectorFrame(),
    output: icrsFrame(),
    names: ["detector", "icrs"] as const,
  };
  const transform = withTag("tag:stsci.edu:gwcs/fitswcs_imaging-1.0.0", {
    ...(boundingBox && { bounding_box: boundingBoxNode(boundingBox, ["x", "y"]) }),
    cdelt: NdArray.from(Float64Array.from(cdelt)),
    crpix: NdArray.from(Float64Array.from(crpix)),
    crval: NdArray.from(Float64Array.from(crval)),
    inputs: ["x", "y"],
    outputs: ["lon", "lat"],
    pc: NdArray.from(Float64Array.from(pc.flat()), [2, 2]),
    projection: withTag("!transform/gnomonic-1.4.0", {
      direction: "pix2sky",
      inputs: ["x", "y"],
      outputs: ["phi", "theta"],
    }),
  } as AsdfMap);
  const name = init.name ?? null;
  const tree = withTag("tag:stsci.edu:gwcs/wcs-1.4.0", {
    name: name ?? "",
    pixel_shape: arrayShape ? [arrayShape[1], arrayShape[0]] : null,
    steps: [step(frames.input, transform), step(frames.output, null)],
  });
  return Wcs.fromParts(tree, new FitsImaging({ crpix, crval, cdelt, pc }), {
    frames: frames.names,
    name,
    boundingBox,
    arrayShape,
  });
}

function step(frame: AsdfValue, transform: AsdfValue): AsdfMap {
  return withTag("tag:stsci.edu:gwcs/step-1.3.0", { frame, transform });
}

function units(unit: string): AsdfValue[] {
  return [withTag("!unit/unit-1.0.0", unit), withTag("!unit/unit-1.0.0", unit)];
}

function detectorFrame(): AsdfMap {
  return withTag("tag:stsci.edu:gwcs/frame2d-1.2.0", {
    axes_names: ["x", "y"],
    axes_order: [0, 1],
    axis_physical_types: ["custom:x", "custom:y"],
    name: "detector",
    unit: units("pixel"),
  });
}

function icrsFrame(): AsdfMap {
  return withTag("tag:stsci.edu:gwcs/celestial_frame-1.2.0", {
    axes_names: ["lon", "lat"],
    axes_order: [0, 1],
    axis_physical_types: ["pos.eq.ra", "pos.eq.dec"],
    name: "icrs",
    reference_frame: withTag("tag:astropy.org:astropy/coordinates/frames/icrs-1.1.0", {
      frame_attributes: {},
    }),
    unit: units("deg"),
  });
}
