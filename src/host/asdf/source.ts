/** Random access to the bytes of a file. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes from `offset`, in memory of the caller's own. @throws UserError if they are not there */
  read(offset: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}
