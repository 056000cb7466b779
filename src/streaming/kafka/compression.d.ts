/** The parts of untyped packages that codecs.ts calls. */
declare module 'snappyjs' {
  /** @param maxLength longer results are refused, by their header, before memory is taken */
  export function uncompress(compressed: Uint8Array, maxLength: number): Uint8Array;
  export function compress(bytes: Uint8Array): Uint8Array;
}

declare module 'lz4js' {
  /** @returns how many bytes the frame holds; those beyond the end of `into` are not written */
  export function decompressFrame(frame: Uint8Array, into: Uint8Array): number;
  export function compress(bytes: Uint8Array): Uint8Array;
}
