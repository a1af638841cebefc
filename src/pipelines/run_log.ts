import type { Logger } from "./context.js";

/** Keeps the log of a run, as `cal_logs` of its products, and hands each line on. */
export class RunLog implements Logger {
  readonly lines: string[] = [];
  readonly warnings: string[] = [];

  constructor(private readonly next?: Logger) {}

  info(message: string): void {
    this.keep("INFO", message);
    this.next?.info(message);
  }

  warn(message: string): void {
    this.keep("WARNING", message);
    this.warnings.push(message);
    this.next?.warn(message);
  }

  private keep(level: string, message: string): void {
    this.lines.push(`${new Date().toISOString()} :: romancal-webgpu :: ${level} :: ${message}`);
  }
}
