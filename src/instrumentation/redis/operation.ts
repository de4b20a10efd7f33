/**
 * One call of a client that may take more than one attempt: a command of a cluster is redirected, a script is sent in
 * full when the server does not know it. The span begins with the first attempt, in the caller's context, and ends with
 * the call.
 */
import type { Context, Span } from '@opentelemetry/api';
import { ContextWithSpan } from '../context.js';
import { commandOf } from './commands.js';
import { type Endpoint, UNKNOWN_ENDPOINT } from './endpoint.js';
import type { CommandView } from './query-text.js';
import { type BatchMode, batchOperation, type RedisTracing } from './tracing.js';

export class Operation {
  readonly #tracing: RedisTracing;
  readonly #parent: Context;
  #isStarted = false;
  #isBatch = false;
  #hasSeveral = false;
  /** Undefined when nothing is recorded, and after the end. */
  #span: Span | undefined;
  /** How it ended before there was an attempt. */
  #outcome: { readonly error: unknown } | undefined;
  #endpoint = UNKNOWN_ENDPOINT;
  /** Name of the command, or what stands for it in a batch. */
  #name = '';

  constructor(tracing: RedisTracing, parent: Context) {
    this.#tracing = tracing;
    this.#parent = parent;
  }

  /** True between the start of a span that is recorded and its end. */
  get isRecording(): boolean {
    return this.#span !== undefined;
  }

  /** Undefined when nothing is recorded, before the first attempt and after the end. */
  get span(): Span | undefined {
    return this.#span;
  }

  /** What a message that the call sends carries: the caller's context, with the span if there is one. */
  get context(): Context {
    return this.#span === undefined ? this.#parent : new ContextWithSpan(this.#parent, this.#span);
  }

  /** A transaction or a pipeline. */
  get isBatch(): boolean {
    return this.#isBatch;
  }

  /** One of a single command is that command. */
  get hasSeveral(): boolean {
    return this.#hasSeveral;
  }

  /** A command is about to be sent there. */
  attempt(to: Endpoint, name: string, args: readonly unknown[], first: 0 | 1): void {
    if (this.#isStarted) {
      if (name === this.#name) this.moveTo(to);
      return;
    }
    this.#begin(to, name);
    this.#span = this.#tracing.start(this.#parent, to, name, args, first);
    if (this.#outcome !== undefined) this.end(this.#outcome.error);
  }

  attemptBatch<C>(to: Endpoint, mode: BatchMode, commands: readonly C[], view: CommandView<C>): void {
    if (this.#isStarted) {
      this.moveTo(to);
      return;
    }
    this.#isBatch = true;
    this.#hasSeveral = commands.length > 1;
    this.#begin(to, batchOperation(mode, commands, view));
    this.#span = this.#tracing.startBatch(this.#parent, to, this.#name, commands, view);
  }

  /** No attempt was made yet, and nobody knows where the first one will go. */
  attemptAnywhere(name: string, args: readonly unknown[], first: 0 | 1): void {
    if (!this.#isStarted) this.attempt(UNKNOWN_ENDPOINT, name, args, first);
  }

  /** From the node that was asked first, or from nowhere. */
  moveTo(to: Endpoint): void {
    if (to === this.#endpoint) return;
    this.#endpoint = to;
    if (this.#span !== undefined) this.#tracing.move(this.#span, to, this.#name);
  }

  /** At most once. `error` is undefined when all went well. Never throws. */
  end(error?: unknown): void {
    const span = this.#span;
    if (!this.#isStarted) this.#outcome = { error };
    if (span === undefined) return;
    this.#span = undefined;
    this.#tracing.end(span, error, commandOf(this.#name).script !== undefined);
  }

  /** The client itself will send the command again in another form. Never throws. */
  endRepeated(error: unknown): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    this.#tracing.endRepeated(span, error);
  }

  #begin(to: Endpoint, name: string): void {
    this.#isStarted = true;
    this.#endpoint = to;
    this.#name = name;
  }
}
