import { describeTree, isMap, openAsdf } from "../host/asdf/index.js";
import { describeRoman } from "../host/describe/index.js";
import { kindOf } from "../host/models/roman_file.js";

export interface InfoRequest {
  readonly file: string;
  readonly maxRows: number;
  /** The tree of a Roman file too. */
  readonly tree: boolean;
  /** Ranges of values: reads the arrays. */
  readonly stats: boolean;
}

/** A Roman file in a screenful, any other ASDF file as its tree. */
export async function describeFile(
  { file, maxRows, tree, stats }: InfoRequest,
  columns: number,
): Promise<string> {
  const asdf = await openAsdf(file);
  try {
    const { roman } = asdf.tree;
    if (tree || !isMap(roman)) return await describeTree(asdf, { maxRows, maxColumns: columns });
    const opened = { path: file, roman, kind: kindOf(roman), close: () => asdf.close() };
    return await describeRoman(opened, { stats, width: columns });
  } finally {
    await asdf.close();
  }
}
