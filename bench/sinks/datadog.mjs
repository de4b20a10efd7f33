/** Counts the spans of a PUT /v0.4/traces: MessagePack, an array of traces, each an array of spans. */
import { decode } from '@msgpack/msgpack';

/** @param {Buffer} body */
export function count(body) {
  const counts = { server: 0, client: 0, other: 0 };
  for (const trace of decode(body, { useBigInt64: true })) {
    for (const span of trace) {
      const kind = span.meta?.['span.kind'];
      counts[kind === 'server' || kind === 'client' ? kind : 'other']++;
    }
  }
  return counts;
}
