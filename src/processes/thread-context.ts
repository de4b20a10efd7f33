/**
 * Trace context from a thread to the worker threads that it starts. Any thread; loaded only when
 * OTEL_NODE_WORKER_THREAD_CONTEXT asks for it. No message is changed and nobody listens to anything:
 *
 *   new Worker()          Node clones the environment data into the thread: a getter there says what is active then
 *   worker.postMessage()  the context lies in shared memory under the number of the message (context-ring.ts)
 *   in the thread         messages to parentPort are counted, however they are received; the n-th is handled in its context
 */
import { syncBuiltinESMExports } from 'node:module';
import { type Context, context as contextApi, ROOT_CONTEXT } from '@opentelemetry/api';
import type { Log } from '../diag/log.js';
import { describeContext, type HandedContext, restoreContext } from '../instrumentation/handed-context.js';
import { createTie } from '../instrumentation/operation.js';
import { type AnyFunction, Faults, patchMethod } from '../instrumentation/patch.js';
import { ContextRing } from './context-ring.js';

type Threads = typeof import('node:worker_threads');

/** Name of the environment data. */
const KEY = 'org.trace-agent.thread-context';
/** Node: lib/internal/event_target.js; what a port calls with each message, whoever listens and how. */
const DISPATCH = Symbol.for('nodejs.internal.kHybridDispatch');

/** What a thread is started with. */
interface Gift {
  readonly context: HandedContext | null;
  readonly ring: SharedArrayBuffer;
}

interface WorkerLike {
  /** Node: -1 once the thread has ended. */
  readonly threadId: number;
}

/** For messages: nothing is put down when nothing is active, which is most of the time. */
function describeActive(): string | undefined {
  const active = contextApi.active();
  const handed = active === ROOT_CONTEXT ? null : describeContext(active);
  return handed === null ? undefined : JSON.stringify(handed);
}

export class ThreadContext {
  /** That in which this thread was started; undefined when there is none. */
  readonly start: Context | undefined;
  readonly #threads: Threads;
  readonly #ring: ContextRing;
  readonly #faults: Faults;
  /** Counts even when it does nothing else: sender and receiver must agree. */
  #received = 0;

  constructor(log: Log) {
    this.#threads = require('node:worker_threads') as Threads;
    this.#faults = new Faults('worker_threads', log);
    const given = this.#threads.getEnvironmentData(KEY) as unknown as Gift | undefined;
    this.#ring = new ContextRing(given?.ring);
    this.start = given?.context == null ? undefined : this.#restoreBounded(given.context);
  }

  /** Nobody says when the job is done: what the thread does belongs to the trace for a while after the hand-over. */
  #restoreBounded(handed: HandedContext): Context {
    const { context, span } = restoreContext(handed);
    if (span !== undefined) span.endedAtMillis ??= Date.now();
    return context;
  }

  /** For the life of the thread. May throw before anything is changed. */
  install(): void {
    const { Worker, MessagePort, isMainThread } = this.#threads;
    if (!isMainThread) {
      patchMethod(MessagePort.prototype, DISPATCH, (original) => this.#wrapDispatch(original));
      patchMethod(this.#threads, 'receiveMessageOnPort', (original) => this.#wrapReceive(original));
      syncBuiltinESMExports();
    }
    patchMethod(Worker.prototype, 'postMessage', (original) => this.#wrapPost(original));
    const faults = this.#faults;
    const gift: Gift = {
      ring: this.#ring.memory,
      // Called by Node within `new Worker()`.
      get context() {
        try {
          return faults.isDisabled ? null : describeContext(contextApi.active());
        } catch (error) {
          faults.record(error);
          return null;
        }
      },
    };
    this.#threads.setEnvironmentData(KEY, gift as never);
  }

  #wrapPost(original: AnyFunction): AnyFunction {
    const sent = createTie<{ count: number }>();
    const put = (worker: WorkerLike, number: number): boolean => {
      if (this.#faults.isDisabled) return false;
      const text = describeActive();
      return text !== undefined && this.#ring.put(worker.threadId, number, text);
    };
    const ring = this.#ring;
    const faults = this.#faults;
    return function postMessage(this: WorkerLike, ...parameters) {
      let state = sent.get(this);
      if (state === undefined) {
        state = { count: 0 };
        sent.set(this, state);
      }
      const number = state.count + 1;
      let isPut = false;
      try {
        isPut = put(this, number);
      } catch (error) {
        faults.record(error);
      }
      let isPosted = false;
      try {
        const result = original.apply(this, parameters);
        isPosted = true;
        return result;
      } finally {
        // What cannot be cloned has no number.
        if (isPosted) state.count = number;
        else if (isPut) ring.take(this.threadId, number);
      }
    };
  }

  /** The context of the message that has come just now. */
  #next(): Context {
    const number = ++this.#received;
    try {
      const text = this.#faults.isDisabled ? undefined : this.#ring.take(this.#threads.threadId, number);
      if (text !== undefined) return this.#restoreBounded(JSON.parse(text) as HandedContext);
    } catch (error) {
      this.#faults.record(error);
    }
    return ROOT_CONTEXT;
  }

  #wrapDispatch(original: AnyFunction): AnyFunction {
    const { parentPort } = this.#threads;
    const next = (): Context => this.#next();
    return function dispatch(this: unknown, ...parameters) {
      if (this !== parentPort || (parameters[1] !== 'message' && parameters[1] !== 'messageerror')) {
        return original.apply(this, parameters);
      }
      return contextApi.with(next(), original, this, ...parameters);
    };
  }

  /** Whoever reads messages by himself goes on in his own context. */
  #wrapReceive(original: AnyFunction): AnyFunction {
    const { parentPort } = this.#threads;
    const count = (): void => void this.#next();
    return function receiveMessageOnPort(this: unknown, ...parameters) {
      const entry = original.apply(this, parameters);
      if (entry !== undefined && parameters[0] === parentPort) count();
      return entry;
    };
  }
}
