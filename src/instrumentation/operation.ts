/** What every traced call needs besides a span: private state on the application's objects, and verdicts on errors. */
import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import { ERROR_TYPE, OTHER } from './semconv.js';

class Identity {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: a subclass's private field then lands on the given object
    return object;
  }
}

/**
 * Ties state to an object of the application without a property that it, or `util.inspect`, could ever see. A third of
 * the cost of a WeakMap entry, and no work for the garbage collector.
 */
export function createTie<State>(): {
  set(object: object, state: State): void;
  get(object: object): State | undefined;
} {
  class Tied extends Identity {
    #state: State;

    constructor(object: object, state: State) {
      super(object);
      this.#state = state;
    }

    static get(object: object): State | undefined {
      return #state in object ? (object as Tied).#state : undefined;
    }

    static replace(object: object, state: State): void {
      if (#state in object) (object as Tied).#state = state;
      else new Tied(object, state);
    }
  }
  return { set: Tied.replace, get: Tied.get };
}

interface AttributeTaker {
  takeAttributes?(attributes: Attributes): void;
}

/** Gives a span its first attributes, in an object that nobody else holds: spans of our own keep it. */
export function giveAttributes(span: Span & AttributeTaker, attributes: Attributes): void {
  if (span.takeAttributes === undefined) span.setAttributes(attributes);
  else span.takeAttributes(attributes);
}

const CODE = /^[A-Z][A-Z0-9_-]{1,63}$/;

/** The value of `error.type`: its code (`ECONNREFUSED`, `ORA-00942`) or else the class of the error. Low cardinality. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return OTHER;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && CODE.test(code)) return code;
  return typeof name === 'string' && name !== '' ? name : OTHER;
}

/** Marks the span as failed by an exception. */
export function failSpan(span: Span, error: unknown): void {
  span.setAttribute(ERROR_TYPE, errorType(error));
  const message = error instanceof Error ? error.message : String(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.recordException(error instanceof Error ? error : message);
}

/** Marks the span as failed by what a low-cardinality code says in full. */
export function failSpanByCode(span: Span, code: string): void {
  span.setAttribute(ERROR_TYPE, code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
