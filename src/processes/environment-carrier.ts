/**
 * Environment variables as a carrier of trace context. Application's thread; loads nothing.
 * Spec: OpenTelemetry, Environment Variables as Context Propagation Carriers: the name is that of the header in upper
 * case, with `_` for what is neither a letter nor a digit (`traceparent` -> TRACEPARENT).
 */
import {
  type Context,
  ROOT_CONTEXT,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
} from '@opentelemetry/api';

export type Variables = Record<string, string>;

/** The variable that stands for a propagator's field. */
export function variableName(field: string): string {
  return field.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

const getter: TextMapGetter<Readonly<Variables>> = {
  // Propagators that look for a prefix know headers.
  keys: (carrier) => Object.keys(carrier).map((name) => name.toLowerCase().replaceAll('_', '-')),
  get: (carrier, field) => carrier[variableName(field)],
};

export const setter: TextMapSetter<Variables> = {
  set(carrier, field, value) {
    // No system can hold a zero byte in a variable: starting the process would fail.
    if (!value.includes('\0')) carrier[variableName(field)] = value;
  },
};

/** The context that these variables describe; the empty one when they describe none. */
export function extractFromVariables(propagator: TextMapPropagator, variables: Readonly<Variables>): Context {
  return propagator.extract(ROOT_CONTEXT, variables, getter);
}
