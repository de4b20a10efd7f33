/**
 * The CLIENT span of one call of a Redis client: a command, a pipeline, a transaction. Hot path.
 *
 * A pipeline and a transaction are one span each, as the conventions ask (`PIPELINE`, `MULTI`, with their size), also
 * because one with a thousand commands would be a thousand spans. One of a single command is that command.
 *
 * Spec: semantic-conventions 1.44, Redis.
 */
import { type Attributes, type Context, type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { AGENT_VERSION } from '../../version.js';
import { failSpanByCode } from '../operation.js';
import { Faults } from '../patch.js';
import {
  DB_OPERATION_BATCH_SIZE,
  DB_OPERATION_NAME,
  DB_QUERY_TEXT,
  DB_RESPONSE_STATUS_CODE,
  DB_STORED_PROCEDURE_NAME,
  OTHER,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../semconv.js';
import type { InstrumentationContext } from '../types.js';
import { createIsUnsampled, type IsUnsampled } from '../unsampled.js';
import { type Command, commandOf } from './commands.js';
import type { Endpoint } from './endpoint.js';
import { recordFailure, serverCodeOf } from './errors.js';
import { batchText, type CommandView, queryText } from './query-text.js';

export type BatchMode = 'MULTI' | 'PIPELINE';

/** `MULTI set` when all commands are the same, the command itself when it is the only one. Spec: `db.operation.name`. */
export function batchOperation<C>(mode: BatchMode, commands: readonly C[], view: CommandView<C>): string {
  const [first] = commands;
  if (first === undefined) return mode;
  const name = view.name(first);
  if (commands.length === 1) return name;
  return commands.every((command) => view.name(command) === name) ? `${mode} ${name}` : mode;
}

function procedureOf({ script }: Command, args: readonly unknown[], first: number): string | undefined {
  const name = script === 'name' ? args[first] : undefined;
  return typeof name === 'string' ? name : undefined;
}

export function batchAttributes(to: Endpoint, operation: string, commands: readonly unknown[]): Attributes {
  return { ...to.attributes, [DB_OPERATION_NAME]: operation, [DB_OPERATION_BATCH_SIZE]: commands.length };
}

/** What the wrappers of one instrumentation share. */
export class RedisTracing {
  readonly faults: Faults;
  readonly isUnsampled: IsUnsampled;
  protected readonly tracer: Tracer;
  readonly #isSanitized: boolean;
  readonly #isCancellation: (error: unknown) => boolean;

  constructor(
    name: string,
    scope: string,
    { tracerProvider, config, log }: InstrumentationContext,
    isCancellation: (error: unknown) => boolean = () => false,
  ) {
    this.faults = new Faults(name, log);
    this.isUnsampled = createIsUnsampled(config);
    this.tracer = tracerProvider.getTracer(scope, AGENT_VERSION);
    this.#isSanitized = config.isDbQuerySanitized;
    this.#isCancellation = isCancellation;
  }

  /**
   * Undefined when nothing is recorded. The text comes after the start: no sampler that the agent has reads it, and one
   * that drops the span should not pay for it.
   */
  start(parent: Context, to: Endpoint, name: string, args: readonly unknown[], first: 0 | 1): Span | undefined {
    const start = to.startOf(name);
    const span = this.tracer.startSpan(start.name, start.options, parent);
    return span.isRecording() ? this.describe(span, name, args, first) : undefined;
  }

  protected describe(span: Span, name: string, args: readonly unknown[], first: 0 | 1): Span {
    const command = commandOf(name);
    span.setAttribute(DB_QUERY_TEXT, queryText(command, args, first, this.#isSanitized));
    const procedure = procedureOf(command, args, first);
    if (procedure !== undefined) {
      span.setAttribute(DB_STORED_PROCEDURE_NAME, procedure);
      if (command.isFunction) span.updateName(`${name} ${procedure}`);
    }
    return span;
  }

  /** The same for a pipeline or a transaction; `commands` without those that only make it one. */
  startBatch<C>(
    parent: Context,
    to: Endpoint,
    operation: string,
    commands: readonly C[],
    view: CommandView<C>,
  ): Span | undefined {
    const [only] = commands;
    if (only !== undefined && commands.length === 1) {
      return this.start(parent, to, view.name(only), view.args(only), view.first);
    }
    const options = { kind: SpanKind.CLIENT, attributes: batchAttributes(to, operation, commands) };
    const span = this.tracer.startSpan(to.nameOf(operation), options, parent);
    return span.isRecording() ? this.describeBatch(span, commands, view) : undefined;
  }

  protected describeBatch<C>(span: Span, commands: readonly C[], view: CommandView<C>): Span {
    if (commands.length > 0) span.setAttribute(DB_QUERY_TEXT, batchText(commands, view, this.#isSanitized));
    return span;
  }

  /** What the span stands for goes to another node than it started with; `isNamedByNode`: which its name says. */
  move(span: Span, to: Endpoint, operation: string, isNamedByNode = true): void {
    if (to.address !== undefined) span.setAttribute(SERVER_ADDRESS, to.address);
    if (to.port !== undefined) span.setAttribute(SERVER_PORT, to.port);
    if (isNamedByNode && !commandOf(operation).isFunction) span.updateName(to.nameOf(operation));
  }

  /** Ends the span; `error` is undefined when all went well, a text when it says it all. Never throws. */
  end(span: Span, error?: unknown, isScript = false): void {
    try {
      if (typeof error === 'string') failSpanByCode(span, error);
      else if (error !== undefined && !this.#isCancellation(error)) {
        recordFailure(span, error, isScript, this.#isSanitized);
      }
      span.end();
    } catch (fault) {
      this.faults.record(fault);
    }
  }

  /** The client threw instead of answering. */
  abandon(span: Span): void {
    failSpanByCode(span, OTHER);
    span.end();
  }

  /** Ends the span of a command that the client itself sends again in another form. */
  endRepeated(span: Span, error: unknown): void {
    const code = serverCodeOf(error);
    if (code !== undefined) span.setAttribute(DB_RESPONSE_STATUS_CODE, code);
    this.end(span);
  }
}
