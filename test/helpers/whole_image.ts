import { BOX_WORDS } from "../../src/pipelines/source_catalog/label.js";
import type { MeasureImages } from "../../src/pipelines/source_catalog/measure_device.js";
import type { ImageParts } from "../../src/pipelines/source_catalog/measure_parts.js";

/** An image whose planes are on the device: one part that holds every box. */
export function wholeImage(images: MeasureImages): ImageParts {
  const eachPart: ImageParts["eachPart"] = (boxes, work) => {
    const nLabels = boxes.length / BOX_WORDS;
    const at = Array.from({ length: nLabels }, (_, i) => i);
    return work({ ...images, nLabels }, at);
  };
  return { nx: images.nx, ny: images.ny, radius: 0, eachPart };
}
