/**
 * Spans of messages: PRODUCER for one that is sent, CONSUMER for one that is worked on, which belongs to the trace of its
 * producer and to nothing else, whatever ran when the consumer was started. CLIENT, in the active context, for one that
 * was asked for: nobody sees what is done with it. Hot path.
 */
import { types } from 'node:util';
import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TextMapGetter,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AGENT_VERSION } from '../../version.js';
import { activeContext, runIn } from '../active-context.js';
import { ContextWithSpan, isSuppressed } from '../context.js';
import { failSpan } from '../operation.js';
import { type AnyFunction, Faults } from '../patch.js';
import {
  ERROR_TYPE,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_DESTINATION_TEMPLATE,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
  OTHER,
} from '../semconv.js';
import type { InstrumentationContext } from '../types.js';
import { createIsUnsampled, type IsUnsampled } from '../unsampled.js';
import { Asking, type AskRules } from './asking.js';

/** What a message is called, by the semantic conventions. */
export interface Destination {
  /** In the library's words: `publish`, `add`. */
  readonly operation: string;
  /** Queue, topic or subject. */
  readonly name: string;
  /** Pattern that the name is an instance of: what the span is named by. */
  readonly template?: string | undefined;
  /** What the span is named by, where it is neither of the two. */
  readonly title?: string;
  readonly attributes?: Attributes;
}

const KINDS = { send: SpanKind.PRODUCER, receive: SpanKind.CLIENT, process: SpanKind.CONSUMER } as const;
type OperationType = keyof typeof KINDS;

/** The span of a message, if one is recorded, until it has ended. None of its methods throws. */
class OpenSpan {
  readonly #faults: Faults;
  #span: Span | undefined;

  constructor(span: Span | undefined, faults: Faults) {
    this.#span = span;
    this.#faults = faults;
  }

  get isRecording(): boolean {
    return this.#span !== undefined;
  }

  setAttributes(attributes: Attributes): void {
    this.#change((span) => span.setAttributes(attributes));
  }

  /** Not the end of it. */
  fail(error: unknown): void {
    this.#change((span) => failSpan(span, error ?? new Error(String(error))));
  }

  /** For a call that has thrown: the error itself goes by untouched. */
  failUnseen(): void {
    this.#change((span) => span.setAttribute(ERROR_TYPE, OTHER).setStatus({ code: SpanStatusCode.ERROR }));
  }

  /** Only the first call counts. */
  end(): void {
    this.#change((span) => span.end());
    this.#span = undefined;
  }

  /** Counts a fault of ours in `run`. */
  protected contain(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#faults.record(error);
    }
  }

  #change(change: (span: Span) => void): void {
    const span = this.#span;
    if (span !== undefined) this.contain(() => change(span));
  }
}

/** A message that is being sent. */
export class Sending extends OpenSpan {
  /** Without a span when nothing is recorded; what is injected then says so to the consumer. */
  readonly #context: Context;

  constructor(context: Context, span: Span | undefined, faults: Faults) {
    super(span, faults);
    this.#context = context;
  }

  inject<Carrier>(carrier: Carrier, setter?: TextMapSetter<Carrier>): void {
    propagation.inject(this.#context, carrier, setter);
  }

  /** In the context of the span. */
  run<Result>(call: () => Result): Result {
    return runIn(this.#context, call, undefined, []);
  }
}

/** A message that is being worked on. */
export class Delivery extends OpenSpan {
  /** The producer's context with the span: what the application's code for this message runs in. */
  readonly context: Context;

  constructor(context: Context, span: Span | undefined, faults: Faults) {
    super(span, faults);
    this.context = context;
  }

  override end(): void {
    if (!this.isRecording) return;
    super.end();
    const { context } = this;
    // It asks the span for its ids.
    if (context instanceof ContextWithSpan) this.contain(() => context.release());
  }

  /**
   * Calls the application's code for this message, and ends with it or, where it is an async function, with its promise.
   * Nobody but us has that promise, as the library drops it: a rejection stays an unhandled one. A promise that another
   * function returns may be somebody's who handles it, and is not touched.
   */
  run(original: AnyFunction, self: unknown, parameters: unknown[]): unknown {
    let isDone = false;
    try {
      const result: unknown = runIn(this.context, original, self, parameters);
      isDone = true;
      this.#endWith(original, result);
      return result;
    } finally {
      if (!isDone) {
        this.failUnseen();
        this.end();
      }
    }
  }

  #endWith(original: AnyFunction, result: unknown): void {
    if (!this.isRecording) return;
    if (!types.isAsyncFunction(original) || !(result instanceof Promise)) {
      this.end();
      return;
    }
    result.then(
      () => this.end(),
      (error: unknown) => {
        this.fail(error);
        this.end();
        throw error;
      },
    );
  }
}

/** Of one library. */
export class Messaging {
  readonly faults: Faults;
  readonly #system: string;
  readonly #tracer: Tracer;
  readonly #isUnsampled: IsUnsampled;

  /** `system` as the conventions call it. */
  constructor(name: string, scope: string, { tracerProvider, config, log }: InstrumentationContext, system = name) {
    this.faults = new Faults(name, log);
    this.#system = system;
    this.#tracer = tracerProvider.getTracer(scope, AGENT_VERSION);
    this.#isUnsampled = createIsUnsampled(config);
  }

  /** Undefined when nothing may be traced or injected. */
  send(destination: Destination): Sending | undefined {
    const parent = activeContext();
    if (this.#isUnsampled(parent))
      return isSuppressed(parent) ? undefined : new Sending(parent, undefined, this.faults);
    const span = this.#start(destination, 'send', parent);
    return new Sending(new ContextWithSpan(parent, span), span, this.faults);
  }

  /** Never in the active context: the loop of a consumer was started somewhere, once. */
  receive<Carrier>(carrier: Carrier, describe: () => Destination, getter?: TextMapGetter<Carrier>): Delivery {
    const parent = propagation.extract(ROOT_CONTEXT, carrier, getter);
    if (this.#isUnsampled(parent)) return new Delivery(parent, undefined, this.faults);
    const span = this.#start(describe(), 'process', parent);
    return new Delivery(new ContextWithSpan(parent, span), span, this.faults);
  }

  /** Several that are worked on together: in no trace of a producer, linked to all. */
  receiveAll(producers: readonly Context[], destination: Destination): Delivery {
    const links = producers.flatMap((producer) => {
      const context = trace.getSpanContext(producer);
      return context === undefined ? [] : [{ context }];
    });
    const span = this.#start(destination, 'process', ROOT_CONTEXT, { links });
    return new Delivery(new ContextWithSpan(ROOT_CONTEXT, span), span, this.faults);
  }

  /** Undefined when nothing of it would be recorded. */
  ask(rules: AskRules): Asking | undefined {
    const parent = activeContext();
    if (this.faults.isDisabled || this.#isUnsampled(parent)) return undefined;
    return new Asking(rules, this.faults, (destination, more) => this.#start(destination, 'receive', parent, more));
  }

  #start(
    { operation, name, template, title, attributes }: Destination,
    type: OperationType,
    parent: Context,
    more?: Pick<SpanOptions, 'links' | 'startTime'>,
  ): Span {
    const all: Attributes = {
      [MESSAGING_SYSTEM]: this.#system,
      [MESSAGING_OPERATION_NAME]: operation,
      [MESSAGING_OPERATION_TYPE]: type,
      [MESSAGING_DESTINATION_NAME]: name,
      ...attributes,
    };
    if (template !== undefined && template !== name) all[MESSAGING_DESTINATION_TEMPLATE] = template;
    const options = { kind: KINDS[type], attributes: all, ...more };
    return this.#tracer.startSpan(`${operation} ${title ?? template ?? name}`, options, parent);
  }
}
