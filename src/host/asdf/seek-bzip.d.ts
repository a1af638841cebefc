declare module "seek-bzip" {
  const Bunzip: {
    /** Decodes a bzip2 stream into `output`. */
    decode(input: Uint8Array, output: Uint8Array, multistream?: boolean): Uint8Array;
  };
  export default Bunzip;
}
