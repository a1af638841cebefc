import type { DeviceBuffer } from "./allocator.js";
import type { Bindings, BindingsOf, Kernel } from "./kernel.js";

export type Constants = Readonly<Record<string, number | boolean>>;
export type Groups = readonly [number, number?, number?];

/** One recorded command, as plain data. */
export type Command =
  | {
      readonly type: "run";
      readonly kernel: Kernel;
      readonly bindings: Readonly<Record<string, unknown>>;
      readonly groups: Groups;
      readonly constants: Constants;
    }
  | { readonly type: "clear"; readonly buffer: DeviceBuffer; readonly offset: number; readonly bytes: number }
  | {
      readonly type: "copy";
      readonly from: DeviceBuffer;
      readonly to: DeviceBuffer;
      readonly bytes: number;
      readonly fromOffset: number;
      readonly toOffset: number;
    };

const MAX_GROUPS = 65535;

/** A list of passes in order; nothing reaches the device before submit(). */
export class Recorder {
  private commands: Command[] = [];

  constructor(
    readonly label: string,
    private readonly execute: (label: string, commands: readonly Command[]) => void,
  ) {}

  /** Dispatch `kernel` over `groups` workgroups. RangeError for a constant the kernel does not name or too many groups. */
  run<B extends Bindings>(
    kernel: Kernel<B>,
    bindings: BindingsOf<B>,
    groups: Groups,
    constants: Constants = {},
  ): this {
    for (const name of Object.keys(constants)) {
      if (!kernel.constants.includes(name))
        throw new RangeError(`${kernel.label}: no override constant ${name}`);
    }
    if (groups.some((count) => count !== undefined && !(count >= 0 && count <= MAX_GROUPS))) {
      throw new RangeError(
        `${kernel.label}: ${groups.join(" x ")} workgroups, at most ${MAX_GROUPS} each way`,
      );
    }
    if (groups.some((count) => count === 0)) return this;
    this.commands.push({ type: "run", kernel: kernel as unknown as Kernel, bindings, groups, constants });
    return this;
  }

  /** Set bytes to zero; offset and length are multiples of 4. */
  clear(buffer: DeviceBuffer, offset = 0, bytes = buffer.size - offset): this {
    this.commands.push({ type: "clear", buffer, offset, bytes });
    return this;
  }

  /** Copy bytes from one buffer to another; offsets and length are multiples of 4. */
  copy(
    from: DeviceBuffer,
    to: DeviceBuffer,
    bytes = Math.min(from.size, to.size),
    fromOffset = 0,
    toOffset = 0,
  ): this {
    this.commands.push({ type: "copy", from, to, bytes, fromOffset, toOffset });
    return this;
  }

  /** Encode and submit what was recorded, and start afresh. */
  submit(): void {
    const commands = this.commands;
    this.commands = [];
    if (commands.length) this.execute(this.label, commands);
  }
}
