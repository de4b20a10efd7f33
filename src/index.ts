/**
 * Public API of the package; the agent itself is started by `@org/trace-agent/register`. Two functions carry trace context
 * over a protocol nobody has an instrumentation for. They speak to whatever tracer the process has through OpenTelemetry's
 * API: the agent's, another SDK's, or none; then they do nothing. Application's thread; never loaded by the agent.
 */
import { context, propagation, ROOT_CONTEXT } from '@opentelemetry/api';

/** Version of the agent. */
export { AGENT_VERSION } from './version.js';

/** Puts one entry (`traceparent`, a lower-case name, and its text) into the carrier. */
export type WriteEntry<Carrier> = (carrier: Carrier, name: string, value: string) => void;

/** The entry of that lower-case name, or undefined. Several values of one name may come as a list. */
export type ReadEntry<Carrier> = (carrier: Carrier, name: string) => string | string[] | undefined;

interface MapLike {
  get(name: string): unknown;
  set(name: string, value: string): unknown;
  keys(): Iterable<string>;
}

function isMapLike(carrier: object): carrier is MapLike {
  return (['get', 'set', 'keys'] as const).every((name) => typeof (carrier as MapLike)[name] === 'function');
}

function writeAnywhere(carrier: object, name: string, value: string): void {
  if (isMapLike(carrier)) carrier.set(name, value);
  else (carrier as Record<string, string>)[name] = value;
}

/** Message libraries hand out header values as bytes. */
function toText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8');
  return typeof value === 'number' ? String(value) : undefined;
}

function toEntry(value: unknown): string | string[] | undefined {
  if (!Array.isArray(value)) return toText(value);
  return value.map(toText).filter((text) => text !== undefined);
}

function readAnywhere(carrier: object, name: string): string | string[] | undefined {
  if (isMapLike(carrier)) return toEntry(carrier.get(name));
  const own = Object.hasOwn(carrier, name) ? name : Object.keys(carrier).find((key) => key.toLowerCase() === name);
  return own === undefined ? undefined : toEntry((carrier as Record<string, unknown>)[own]);
}

function keysOf(carrier: object): string[] {
  return isMapLike(carrier) ? [...carrier.keys()] : Object.keys(carrier);
}

/**
 * Writes the context of the span that is active (and baggage) into a message that is about to be sent, and returns the
 * carrier. A carrier is a plain object, a `Map`, `Headers`, or anything else with a function that writes an entry. Without
 * a tracer in the process nothing is written. Never throws.
 */
export function inject<Carrier extends object>(carrier: Carrier, write: WriteEntry<Carrier> = writeAnywhere): Carrier {
  try {
    propagation.inject(context.active(), carrier, { set: write });
  } catch {
    // A message without a trace is better than no message.
  }
  return carrier;
}

/**
 * Runs a function in the context that a received message carries, and returns what it returns: spans that it makes, also
 * after an `await`, belong to the sender's trace. Without a context in the carrier they start a trace of their own;
 * without a tracer the function just runs. Throws what the function throws, and nothing else.
 */
export function extract<Carrier extends object, Result>(
  carrier: Carrier | null | undefined,
  run: () => Result,
  read: ReadEntry<Carrier> = readAnywhere,
): Result {
  let received = ROOT_CONTEXT;
  try {
    if (carrier !== null && carrier !== undefined) {
      received = propagation.extract(ROOT_CONTEXT, carrier, { get: read, keys: keysOf });
    }
  } catch {
    // Whatever the carrier is, the message is handled.
  }
  return context.with(received, run);
}
