/** A real export of one span by the agent's own exporter code. Command line program. */
import { randomBytes } from 'node:crypto';
import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { encodeResource } from '../../pipeline/otlp-encoder.js';
import { OtlpWriter } from '../../pipeline/otlp-writer.js';
import type { ExportKind, ExportSettings } from '../../pipeline/protocol.js';
import { SpanQueue } from '../../pipeline/span-queue.js';
import { AGENT_VERSION } from '../../version.js';
import { createAdaptiveSender } from '../../worker/adaptive-sender.js';
import type { Outcome } from '../../worker/outcome.js';

export interface TestExport {
  readonly outcome: Outcome;
  readonly traceId: string;
  readonly millis: number;
  /** The protocol that was used in the end. */
  readonly kind: ExportKind;
}

/** The fields that the encoder reads. */
function createSpan(traceId: string): ReadableSpan {
  const now = Date.now();
  const time = (millis: number): [number, number] => [Math.floor(millis / 1000), (millis % 1000) * 1_000_000];
  const spanId = randomBytes(8).toString('hex');
  return {
    name: 'trace-agent doctor',
    kind: 0,
    spanContext: () => ({ traceId, spanId, traceFlags: 1 }),
    startTime: time(now - 1),
    endTime: time(now),
    status: { code: 0 },
    attributes: { 'trace_agent.doctor': true },
    links: [],
    events: [],
    ended: true,
    instrumentationScope: { name: '@org/trace-agent', version: AGENT_VERSION },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  } as unknown as ReadableSpan;
}

function encode(span: ReadableSpan): Buffer {
  const queue = new SpanQueue({ maxSpans: 1, maxBytes: 1024 * 1024, maxBatchSpans: 1 });
  queue.offer(span, () => {});
  const batch = queue.seal();
  if (batch === undefined) throw new Error('the test span could not be encoded');
  return Buffer.from(batch.chunk, 0, batch.byteLength);
}

/** Sends one span as the agent would. Never rejects for what the collector does. */
export async function exportTestSpan(
  settings: ExportSettings,
  resource: Attributes,
  timeoutMillis: number,
): Promise<TestExport> {
  const traceId = randomBytes(16).toString('hex');
  const writer = new OtlpWriter(Buffer.alloc(256 * 1024));
  encodeResource(writer, resource, undefined);
  let kind = settings.kind;
  const sender = createAdaptiveSender(settings, (_from, to) => {
    kind = to;
  });
  const startedAt = performance.now();
  try {
    const resourceBytes = writer.bytes.subarray(0, writer.position);
    const outcome = await sender.send(resourceBytes, encode(createSpan(traceId)), timeoutMillis);
    return { outcome, traceId, millis: performance.now() - startedAt, kind };
  } finally {
    sender.close();
  }
}
