/** A mistake of the caller's, told in one clear line: which file, which key, what was expected, what to do. */
export class UserError extends Error {
  override readonly name = "UserError";
}
