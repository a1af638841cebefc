import type { Gpu } from "../gpu/index.js";
import { binsFrom, cellsOf } from "../host/numerics/bin_cells.js";
import type {
  Moments,
  MomentsRequest,
  StatAnswer,
  StatRequest,
  StatRun,
} from "../host/numerics/imagestats.js";
import type { Spans } from "../host/numerics/polygon_fill.js";
import { CoreAndRest, coreFrom, NO_CORE } from "../host/numerics/sky_core.js";
import { piecesOf } from "../host/numerics/span_pieces.js";
import { MOST_EDGES } from "../shaders/skymatch/kernels.js";
import {
  type Counting,
  NOTHING,
  type Part,
  type PartSums,
  type SkyImagePlanes,
  SkyPasses,
} from "./sky_passes.js";

/** Pixels of a sample, and how many an image's sets may have to be their own sample. */
const SAMPLE = 2 ** 16;
const MOST_SAMPLED = 2 ** 18;
/** Pixels beyond the core are listed where they are less than one in so many, or this many. */
const LISTED_OF = 16;
const LEAST_LIST = 2 ** 12;
/** Words of counts by pieces and cells. */
const MOST_COUNTS = 2 ** 24;

interface Query {
  readonly set: number;
  readonly request: StatRequest;
}

/**
 * Sets of pixels of one image on the device, and what a statistic asks of them. Its clipping is tried on a sample of all of them,
 * read back; one pass then sums the core that all rounds should keep and lists the few pixels beyond, and each round is
 * answered from that, exactly. Where a round cuts the core of a set after all, a pass of its own is made. Pixels that several
 * sets have are summed once.
 */
export class SkySets {
  private readonly passes: SkyPasses;
  private readonly sets: number;
  private readonly pieces: readonly { readonly index: number; readonly pixels: number }[];
  private readonly members: readonly (readonly number[])[];

  constructor(gpu: Gpu, image: SkyImagePlanes, sets: readonly Spans[]) {
    this.sets = sets.length;
    const { pieces, members } = piecesOf(sets);
    this.pieces = pieces.map((piece, k) => ({ index: sets.length + k, pixels: pixelsOf(piece) }));
    this.members = members;
    this.passes = new SkyPasses(gpu, image, [...sets, ...pieces]);
  }

  free(): void {
    this.passes.free();
  }

  /** A statistic of each set, all in step; `statistic` is called anew for each, and for the sample. */
  async measure<T>(statistic: () => StatRun<T>): Promise<T[]> {
    if (this.sets === 0) return [];
    const [firsts, known] = await Promise.all([this.passes.firstValues(this.sets), this.survey(statistic)]);
    const runs = this.members.map(statistic);
    const states = runs.map((run) => run.next());
    for (;;) {
      const open = states.flatMap((state, set) => (state.done ? [] : [{ set, request: state.value }]));
      if (open.length === 0) return states.map((state) => state.value as T);
      const answers = await this.answer(open, known);
      open.forEach(({ set }, k) => {
        const answer = answers[k];
        states[set] = runs[set].next("count" in answer ? { ...answer, first: firsts[set] } : answer);
      });
    }
  }

  /** Each set as its core and the rest; undefined where the rest is too much. */
  private async survey<T>(statistic: () => StatRun<T>): Promise<(CoreAndRest | undefined)[]> {
    const pixels = this.pieces.reduce((sum, piece) => sum + piece.pixels, 0);
    const every = pixels <= MOST_SAMPLED ? 1 : Math.ceil(Math.sqrt(pixels / SAMPLE));
    const sampled = await this.passes.parts(
      this.pieces.map(({ index, pixels }) => {
        const room =
          every === 1 ? pixels : Math.min(pixels, LEAST_LIST + Math.ceil((4 * pixels) / every ** 2));
        return { set: index, limits: NO_CORE, every, room };
      }),
    );
    if (every === 1) return this.members.map((members) => joined(NO_CORE, members, sampled));
    const sample = joinedRest(sampled);
    const limits = sample && coreFrom(sample, statistic());
    if (!limits) return this.members.map(() => undefined);
    const found = await this.passes.parts(
      this.pieces.map(({ index, pixels }) => {
        const room = Math.min(pixels, LEAST_LIST + Math.ceil(pixels / LISTED_OF));
        return { set: index, limits, every: 1, room };
      }),
    );
    return this.members.map((members) => joined(limits, members, found));
  }

  private async answer(
    queries: readonly Query[],
    known: readonly (CoreAndRest | undefined)[],
  ): Promise<StatAnswer[]> {
    const { passes } = this;
    const missing: Part[] = [];
    const counting: Counting[] = [];
    const answers = queries.map(({ set, request }) => {
      if (request.kind === "moments") {
        const moments = known[set]?.moments(request);
        if (moments) return () => moments;
        const at = missing.push({ set, limits: limitsOf(request), every: 1, room: 0 }) - 1;
        return () => sums[at].core;
      }
      const at = counting.push({ set, request }) - 1;
      return () => counts[at];
    });
    const [sums, counts] = await Promise.all([passes.parts(missing), this.count(counting)]);
    return answers.map((answer) => answer());
  }

  /** Histograms, where it can be by pieces: a pixel is read and counted once for all sets. */
  private async count(queries: readonly Counting[]): Promise<Uint32Array[]> {
    if (queries.length === 0) return [];
    const { passes, pieces, members } = this;
    const requests = queries.flatMap(({ request }) => (request.kind === "histogram" ? [request] : []));
    const edges = requests.reduce((sum, { bins }) => sum + bins + 1, 0);
    const apart =
      requests.length < queries.length || edges > MOST_EDGES || edges * pieces.length > MOST_COUNTS;
    if (apart) return passes.histograms(queries);
    const cells = cellsOf(requests);
    const found = await passes.cells(
      pieces.map(({ index }) => index),
      cells.edges,
      requests.map(({ min, scale, bins }, k) => [min, cells.ends[k], scale, bins]),
    );
    return queries.map(({ set }, k) => {
      const sums = new Uint32Array(cells.edges.length + 1);
      for (const piece of members[set]) for (let c = 0; c < sums.length; c++) sums[c] += found[piece][c];
      return binsFrom(sums, cells.starts[k]);
    });
  }
}

function limitsOf({ lo, hi, pivot }: MomentsRequest): Part["limits"] {
  return { lo, hi, pivot };
}

function pixelsOf({ runs }: Spans): number {
  let pixels = 0;
  for (let i = 0; i < runs.length; i += 2) pixels += runs[i + 1] - runs[i] + 1;
  return pixels;
}

function joined(
  limits: Part["limits"],
  members: readonly number[],
  found: readonly PartSums[],
): CoreAndRest | undefined {
  const parts = members.map((k) => found[k]);
  const rest = joinedRest(parts);
  return rest && new CoreAndRest(limits, parts.map(({ core }) => core).reduce(added, NOTHING), rest);
}

function joinedRest(parts: readonly PartSums[]): Float32Array | undefined {
  let length = 0;
  for (const { rest } of parts) {
    if (!rest) return undefined;
    length += rest.length;
  }
  const all = new Float32Array(length);
  let at = 0;
  for (const { rest } of parts) {
    all.set(rest!, at);
    at += rest!.length;
  }
  return all;
}

function added(a: Moments, b: Moments): Moments {
  return {
    count: a.count + b.count,
    sum: a.sum + b.sum,
    squares: a.squares + b.squares,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    first: NaN,
  };
}
