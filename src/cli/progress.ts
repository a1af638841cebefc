import { Presets, SingleBar } from "cli-progress";

/** How far a run is, shown on a terminal; elsewhere silent. */
export class Progress {
  private readonly bar: SingleBar | undefined;
  private step = "";

  constructor(enabled: boolean) {
    if (!enabled) return;
    const format = "{step} {bar} {percentage}% {duration_formatted}";
    this.bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true }, Presets.shades_classic);
  }

  /** `fraction` of a step is done, 0 to 1. */
  update(step: string, fraction: number): void {
    if (!this.bar) return;
    if (step !== this.step) {
      if (this.step) this.bar.stop();
      this.bar.start(100, 0, { step: step.padEnd(18) });
      this.step = step;
    }
    this.bar.update(Math.round(100 * fraction));
  }

  stop(): void {
    if (this.step) this.bar?.stop();
    this.step = "";
  }
}
