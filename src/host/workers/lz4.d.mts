/** See lz4.mjs. */
export function decodeLz4(block: Uint8Array, target: Uint8Array): number;
