import type { AsdfFile } from "./open.js";

export interface DescribeOptions {
  /** Lines printed at most (default 200; Infinity for all). */
  readonly maxRows?: number;
  /** Columns a line may take (default 120). */
  readonly maxColumns?: number;
  /** Levels of nesting shown (default all). */
  readonly maxDepth?: number;
}

/** The tree as text: one line a node, with tags, shapes, datatypes and compressions. Touches no pixels. */
export function describeTree(_file: AsdfFile, _options: DescribeOptions = {}): Promise<string> {
  throw new Error("not yet");
}
