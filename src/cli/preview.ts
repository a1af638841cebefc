import { type Command, Option as Flag } from "commander";
import type { PreviewOptions } from "../host/preview/index.js";
import { STRETCHES } from "../host/preview/stretch.js";
import { UserError, writeProducts } from "../host/models/index.js";

interface Words extends Pick<PreviewOptions, "stretch" | "segm" | "catalog" | "marks"> {
  readonly output: string;
  readonly size?: string;
  readonly black?: string;
  readonly white?: string;
}

/** `preview FILE -o OUT.png`. */
export function addPreviewCommand(program: Command): void {
  program
    .command("preview")
    .description("draw a mosaic, a calibrated image or a segmentation map as a PNG")
    .argument("<file>", "Roman file (.asdf)")
    .requiredOption("-o, --output <file>", "PNG to write")
    .option("--size <pixels>", "longest side of the picture (default: the image's, at most 2000)")
    .addOption(
      new Flag("--stretch <name>", "how values become grey").choices([...STRETCHES]).default("asinh"),
    )
    .option("--black <value>", "value that is drawn black (default: from the data)")
    .option("--white <value>", "value that is drawn white (default: from the data)")
    .option("--segm <file>", "outline the sources of this segmentation map")
    .option("--catalog <file>", "outline the sources of this catalog (.asdf or .parquet)")
    .option("--no-marks", "without north, east and the scale bar")
    .action((file: string, words: Words) => preview(file, words));
}

async function preview(file: string, { output, size, black, white, ...rest }: Words): Promise<void> {
  const number = (name: string, text: string | undefined): number | undefined => {
    if (text === undefined) return undefined;
    const value = text.trim() === "" ? NaN : Number(text);
    if (!Number.isFinite(value)) throw new UserError(`--${name}=${text}: expected a number`);
    return value;
  };
  if (!/\.png$/i.test(output)) throw new UserError(`${output}: expected a name that ends with .png`);
  const options = {
    ...rest,
    size: number("size", size),
    black: number("black", black),
    white: number("white", white),
  };
  const { previewPng } = await import("../host/preview/index.js");
  const content = await previewPng(file, options);
  const [written] = await writeProducts([{ path: output, content }]);
  const view = new DataView(content.buffer, content.byteOffset);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  process.stdout.write(
    `${written.path}: ${width} × ${height} pixels, ${Math.ceil(written.bytes / 1000)} kB\n`,
  );
}
