/**
 * A span pipeline with the built worker (build/src/worker/main.js), its log in memory, and real SDK spans.
 */
import { join } from 'node:path';
import type { Attributes, Tracer } from '@opentelemetry/api';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import type { Test } from 'tap';
import type { AgentConfig, BatchConfig, OtlpConfig } from '../../src/config/types.js';
import { createLog } from '../../src/diag/log.js';
import { droppedTotal } from '../../src/pipeline/counters.js';
import type { DropReason } from '../../src/pipeline/protocol.js';
import { createSpanPipeline, type SpanPipeline, type SpanPipelineOptions } from '../../src/pipeline/span-pipeline.js';

export const WORKER_FILE = join(__dirname, '../../src/worker/main.js');
export const RESOURCE: Attributes = { 'service.name': 'shop', 'process.pid': 42, tags: ['a', 'b'] };

export interface PipelineSettings {
  readonly otlp?: Partial<OtlpConfig>;
  readonly batch?: Partial<BatchConfig>;
  readonly zipkinEndpoint?: string;
  readonly options?: Partial<SpanPipelineOptions>;
}

export interface TestPipeline {
  readonly pipeline: SpanPipeline;
  readonly tracer: Tracer;
  /** Lines of the log so far. */
  readonly lines: string[];
  /** Ends this many spans with a few attributes each; returns their ids. */
  produce(count: number): string[];
  /** Counters and the sum of drops; throws when created = exported + dropped + queued does not hold. */
  account(): { created: number; exported: number; queued: number; dropped: Partial<Record<DropReason, number>> };
}

function config({ otlp, batch, zipkinEndpoint }: PipelineSettings): AgentConfig {
  const parts: Pick<AgentConfig, 'otlp' | 'batch' | 'zipkin' | 'shutdownTimeoutMillis'> = {
    otlp: {
      protocol: 'http/protobuf',
      isProtocolExplicit: true,
      endpoint: 'http://127.0.0.1:9/v1/traces',
      isEndpointExplicit: true,
      isInsecure: false,
      headers: {},
      compression: 'none',
      timeoutMillis: 10_000,
      certificateFile: undefined,
      clientKeyFile: undefined,
      clientCertificateFile: undefined,
      ...otlp,
    },
    batch: {
      scheduledDelayMillis: 5000,
      exportTimeoutMillis: 30_000,
      maxQueueSize: 2048,
      maxExportBatchSize: 512,
      isQueueSizeExplicit: false,
      ...batch,
    },
    zipkin: { endpoint: zipkinEndpoint ?? 'http://127.0.0.1:9/api/v2/spans', timeoutMillis: 10_000 },
    shutdownTimeoutMillis: 1000,
  };
  // The pipeline reads nothing else.
  return parts as AgentConfig;
}

/** Creates the pipeline; it is shut down at the test's teardown. */
export function createTestPipeline(test: Test, settings: PipelineSettings): TestPipeline {
  const lines: string[] = [];
  const pipeline = createSpanPipeline({
    config: config(settings),
    readResource: () => RESOURCE,
    log: createLog('debug', { write: (line) => lines.push(line) }),
    exporterFile: WORKER_FILE,
    userAgent: 'Trace-Agent/0.0.0 OTel-OTLP-Exporter-JavaScript/0.0.0',
    ...settings.options,
  });
  test.teardown(() => pipeline.shutdown(0));
  const tracer = new BasicTracerProvider({ spanProcessors: [pipeline] }).getTracer('test-scope', '1.2.3');
  return {
    pipeline,
    tracer,
    lines,
    produce(count) {
      return Array.from({ length: count }, (_, index) => {
        const span = tracer.startSpan('GET /users/:id', {
          kind: 1,
          attributes: { index, 'url.path': `/users/${index}` },
        });
        span.end();
        return span.spanContext().spanId;
      });
    },
    account() {
      const { created, exported, queued, dropped } = pipeline.counters;
      const sum = exported + queued + droppedTotal(pipeline.counters);
      if (created !== sum) throw new Error(`created ${created}, but exported + dropped + queued is ${sum}`);
      const reasons = Object.entries(dropped).filter(([, count]) => count > 0);
      return { created, exported, queued, dropped: Object.fromEntries(reasons) };
    },
  };
}
