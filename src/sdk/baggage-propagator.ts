/**
 * W3C baggage that leaves as it came: the official propagator decodes and encodes each member, and what it cannot read is
 * lost. A baggage that nobody has changed is still the same object, so its header can be written again as it was read.
 * Application's thread, only for requests that carry baggage.
 */
import { type Context, propagation, type TextMapGetter, type TextMapSetter } from '@opentelemetry/api';
import { isTracingSuppressed, W3CBaggagePropagator } from '@opentelemetry/core';

const HEADER = 'baggage';
/** Spec: W3C Baggage, limits. Beyond them the official propagator takes what fits. */
const MAX_LENGTH = 8_192;
const MAX_MEMBERS = 180;
/** What every protocol takes as the value of a header: gRPC refuses anything else. */
const PRINTABLE = /^[\x20-\x7e]+$/;

function isWithinLimits(header: string): boolean {
  return (
    header.length <= MAX_LENGTH && PRINTABLE.test(header) && header.split(',', MAX_MEMBERS + 1).length <= MAX_MEMBERS
  );
}

export class ForwardingBaggagePropagator extends W3CBaggagePropagator {
  readonly #headers = new WeakMap<object, string>();

  override extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const extracted = super.extract(context, carrier, getter);
    if (extracted === context) return context;
    const baggage = propagation.getBaggage(extracted);
    const header = String(getter.get(carrier, HEADER));
    if (baggage !== undefined && isWithinLimits(header)) this.#headers.set(baggage, header);
    return extracted;
  }

  override inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const baggage = propagation.getBaggage(context);
    const header = baggage && this.#headers.get(baggage);
    if (header === undefined) super.inject(context, carrier, setter);
    else if (!isTracingSuppressed(context)) setter.set(carrier, HEADER, header);
  }
}
