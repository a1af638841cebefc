import { type AsdfValue, withTag } from "../asdf/index.js";
import { UtcTime } from "./time.js";

/** `file_date` as roman_datamodels writes it. */
export function fileDateNode(time = UtcTime.now()): AsdfValue {
  return withTag("!time/time-1.4.0", { base_format: "datetime", value: time.isot });
}
