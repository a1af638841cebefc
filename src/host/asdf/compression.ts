/** Block compressions: all are read; bzp2 is not written. */
export type Compression = "none" | "zlib" | "bzp2" | "lz4" | "zstd";
