/** From the configured propagator names to one propagator. The rarer formats are loaded only when configured. */
import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { PropagatorName } from '../config/types.js';

type B3 = typeof import('@opentelemetry/propagator-b3');
type Jaeger = typeof import('@opentelemetry/propagator-jaeger');
type XRay = typeof import('@opentelemetry/propagator-aws-xray');
type OtTrace = typeof import('@opentelemetry/propagator-ot-trace');

function createOne(name: PropagatorName): TextMapPropagator {
  switch (name) {
    case 'tracecontext':
      return new W3CTraceContextPropagator();
    case 'baggage':
      return new W3CBaggagePropagator();
    case 'b3':
    case 'b3multi': {
      const { B3InjectEncoding, B3Propagator } = require('@opentelemetry/propagator-b3') as B3;
      const injectEncoding = name === 'b3' ? B3InjectEncoding.SINGLE_HEADER : B3InjectEncoding.MULTI_HEADER;
      return new B3Propagator({ injectEncoding });
    }
    case 'jaeger':
      return new (require('@opentelemetry/propagator-jaeger') as Jaeger).JaegerPropagator();
    case 'xray':
      return new (require('@opentelemetry/propagator-aws-xray') as XRay).AWSXRayPropagator();
    case 'ottrace':
      return new (require('@opentelemetry/propagator-ot-trace') as OtTrace).OTTracePropagator();
  }
}

/** Extraction runs in list order, so a later format overrides an earlier one. */
export function createPropagator(names: readonly PropagatorName[]): TextMapPropagator {
  return new CompositePropagator({ propagators: names.map(createOne) });
}
