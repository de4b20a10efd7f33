/**
 * The client of Elasticsearch makes spans of its own, through the API: below each of them its request is not traced once
 * more, as a call of http. No module of it is changed.
 */
import {
  type Context,
  context as contextApi,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { suppress } from '../context.js';
import type { CreateInstrumentation } from '../types.js';
import { ELASTICSEARCH } from './manifest.js';

/** Sockets and pools of the client belong to nobody. */
const INSIDE = suppress(ROOT_CONTEXT);

class TransportTracer implements Tracer {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  startSpan(name: string, options?: SpanOptions, context?: Context): Span {
    return this.#tracer.startSpan(name, options, context);
  }

  startActiveSpan<F extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<F> {
    const run = rest.pop() as F;
    const [options = {}, context = contextApi.active()] = rest as [SpanOptions?, Context?];
    return this.#tracer.startActiveSpan(name, options, context, ((span) =>
      contextApi.with(INSIDE, () => run(span))) as F);
  }
}

export const create: CreateInstrumentation = ({ wrapTracer }) => {
  wrapTracer?.('@elastic/transport', (tracer) => new TransportTracer(tracer));
  return { targets: [{ ...ELASTICSEARCH, patch: (exports) => exports }] };
};
