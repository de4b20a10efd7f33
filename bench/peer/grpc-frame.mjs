/** One gRPC message, "hello": a byte for "not compressed", its length, its bytes. */
export const FRAME = Buffer.from([0, 0, 0, 0, 5, ...Buffer.from('hello')]);

export function isHello(chunks) {
  return (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)).equals(FRAME);
}
