/** From the configured propagator names to one propagator. The rarer formats are loaded only when configured. */
import type { TextMapPropagator } from '@opentelemetry/api';
import { CompositePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { PropagatorName } from '../config/types.js';
import { ForwardingBaggagePropagator } from './baggage-propagator.js';

type B3 = typeof import('@opentelemetry/propagator-b3');
type Rare = typeof import('./rare-propagators.js');

const rare = (): Rare => require('./rare-propagators.js') as Rare;

function createOne(name: PropagatorName): TextMapPropagator {
  switch (name) {
    case 'tracecontext':
      return new W3CTraceContextPropagator();
    case 'baggage':
      return new ForwardingBaggagePropagator();
    case 'b3':
    case 'b3multi': {
      const { B3InjectEncoding, B3Propagator } = require('@opentelemetry/propagator-b3') as B3;
      const injectEncoding = name === 'b3' ? B3InjectEncoding.SINGLE_HEADER : B3InjectEncoding.MULTI_HEADER;
      return new B3Propagator({ injectEncoding });
    }
    case 'jaeger':
      return new (rare().JaegerPropagator)();
    case 'xray':
      return new (rare().AWSXRayPropagator)();
    case 'ottrace':
      return new (rare().OTTracePropagator)();
  }
}

function createComposite(names: readonly PropagatorName[]): TextMapPropagator {
  return new CompositePropagator({ propagators: names.map(createOne) });
}

/**
 * `injected` are written, `extracted` are read, by default the same. Extraction runs in list order, so a later format
 * overrides an earlier one.
 */
export function createPropagator(
  injected: readonly PropagatorName[],
  extracted: readonly PropagatorName[] = injected,
): TextMapPropagator {
  const writer = createComposite(injected);
  if (extracted === injected) return writer;
  const reader = createComposite(extracted);
  return {
    inject: (context, carrier, setter) => writer.inject(context, carrier, setter),
    extract: (context, carrier, getter) => reader.extract(context, carrier, getter),
    fields: () => writer.fields(),
  };
}
