/**
 * NATS: `nats` 2.x and `@nats-io/*` 3.x. Context travels in headers, if the server has them. Main thread; loaded with the
 * library.
 */
import type { TextMapSetter } from '@opentelemetry/api';
import { type AnyFunction, copyShape, patchIfPresent, patchMethod } from '../patch.js';
import type { CreateInstrumentation, InstrumentationContext, PatchTarget } from '../types.js';
import { NATS, NATS_CORE, NATS_JETSTREAM } from './manifest.js';
import { Messaging, type Sending } from './messages.js';
import { type Manifest, methodsOf, targetsOf } from './nats-files.js';
import { followIterator } from './nats-iterator.js';
import { isAsking, jetStreamTargets, olderJetStreamTargets } from './nats-jetstream.js';
import { deliver, type Headers } from './nats-message.js';

interface Connection {
  readonly options?: { readonly inboxPrefix?: string };
  /** Of the server. */
  readonly info?: { readonly headers?: boolean };
}

interface Options {
  readonly headers?: Headers | undefined;
  readonly callback?: unknown;
}

type MakeHeaders = () => Headers;

const setter: TextMapSetter<Headers> = {
  set: (headers, name, value) => headers.set(name, value),
};

/** Replies, and what the client and the server say to one another. */
function isInternal(connection: Connection, subject: unknown): boolean {
  if (typeof subject !== 'string' || subject === '') return true;
  return /^(_INBOX\.|\$(JS|SYS|SRV|KV|O)\.)/.test(subject) || isInbox(connection, subject);
}

function isInbox({ options }: Connection, subject: string): boolean {
  return typeof options?.inboxPrefix === 'string' && subject.startsWith(`${options.inboxPrefix}.`);
}

function withContext(options: Options | undefined, sending: Sending, makeHeaders: MakeHeaders | undefined): Options {
  const given = options?.headers;
  const headers = given === undefined ? makeHeaders?.() : new (given.constructor as new () => Headers)();
  if (headers === undefined) return options ?? {};
  if (given !== undefined) for (const [name, values] of given) for (const value of values) headers.append(name, value);
  sending.inject(headers, setter);
  return { ...options, headers };
}

/** A push consumer gets its messages by a plain subscription, and delivers them as its own. */
function isForJetStream(message: unknown): boolean {
  return String((message as { reply?: unknown } | undefined)?.reply ?? '').startsWith('$JS.ACK.');
}

/** Of a request. Passed on, not looked at from beside: a rejection that nobody handles must stay one. */
function endWith(result: Promise<unknown>, sending: Sending): Promise<unknown> {
  return result.then(
    (value) => {
      sending.end();
      return value;
    },
    (error: unknown) => {
      sending.fail(error);
      sending.end();
      throw error;
    },
  );
}

class Client {
  readonly #messaging: Messaging;
  makeHeaders: MakeHeaders | undefined;
  /** `request` calls `publish`. */
  #isSending = false;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  #begin(connection: Connection, given: unknown[]): Sending | undefined {
    const [subject, , options] = given as [string, unknown, Options | undefined];
    if (this.#isSending || this.#messaging.faults.isDisabled || isInternal(connection, subject)) return undefined;
    const sending = this.#messaging.send({ operation: 'publish', name: subject });
    if (sending !== undefined && connection.info?.headers === true) {
      while (given.length < 3) given.push(undefined);
      given[2] = withContext(options, sending, this.makeHeaders);
    }
    return sending;
  }

  /** Undefined when the call is none that is traced. */
  #tryBegin(connection: Connection, given: unknown[]): { sending: Sending; parameters: unknown[] } | undefined {
    try {
      const parameters = [...given];
      const sending = this.#begin(connection, parameters);
      return sending && { sending, parameters };
    } catch (error) {
      this.#messaging.faults.record(error);
      return undefined;
    }
  }

  wrapSend(original: AnyFunction): AnyFunction {
    const client = this;
    return function send(this: Connection, ...given: unknown[]): unknown {
      const begun = client.#tryBegin(this, given);
      if (begun === undefined) return original.apply(this, given);
      return client.#call(original, this, begun.parameters, begun.sending);
    };
  }

  #call(original: AnyFunction, self: unknown, parameters: unknown[], sending: Sending): unknown {
    let isDone = false;
    this.#isSending = true;
    try {
      const result: unknown = original.apply(self, parameters);
      isDone = true;
      if (result instanceof Promise) return endWith(result, sending);
      sending.end();
      return result;
    } finally {
      this.#isSending = false;
      if (!isDone) {
        sending.failUnseen();
        sending.end();
      }
    }
  }

  wrapSubscribe(original: AnyFunction): AnyFunction {
    const client = this;
    return function subscribe(this: Connection, ...given: unknown[]): unknown {
      const [subject, options] = given as [unknown, Options | undefined];
      if (typeof options?.callback !== 'function' || isInternal(this, subject)) return original.apply(this, given);
      const callback = client.#wrapCallback(options.callback as AnyFunction, String(subject));
      return original.call(this, subject, { ...options, callback }, ...given.slice(2));
    };
  }

  #wrapCallback(original: AnyFunction, subject: string): AnyFunction {
    const client = this;
    const callback = function callback(this: unknown, ...parameters: unknown[]): unknown {
      const [error, message] = parameters;
      const delivery = error || isForJetStream(message) ? undefined : deliver(client.#messaging, message, subject);
      return delivery === undefined ? original.apply(this, parameters) : delivery.run(original, this, parameters);
    };
    copyShape(callback, original);
    return callback;
  }
}

type Enter = InstrumentationContext['attachContext'];

function wrapIterate(original: AnyFunction, messaging: Messaging, enter: Enter): AnyFunction {
  const { faults } = messaging;
  return function iterate(this: { getSubject?(): string }, ...parameters: unknown[]): unknown {
    const iterator = original.apply(this, parameters) as object;
    try {
      if (faults.isDisabled || isAsking()) return iterator;
      // Of a subscription; other iterators of the library have no subject.
      const subject = this.getSubject?.();
      followIterator(iterator, { faults, enter, deliver: (value) => deliver(messaging, value, subject) });
    } catch (error) {
      faults.record(error);
    }
    return iterator;
  };
}

/** `nats` 2.x and `@nats-io/nats-core` 3.x are the same code in other folders. */
function coreTargets(manifest: Manifest, folder: string, messaging: Messaging, enter: Enter): PatchTarget[] {
  const client = new Client(messaging);
  return targetsOf(manifest, {
    [`${folder}/headers.js`](exports) {
      client.makeHeaders = (exports as { headers?: MakeHeaders }).headers;
    },
    [`${folder}/queued_iterator.js`](exports) {
      const prototype = methodsOf(exports, 'QueuedIteratorImpl', ['iterate']);
      patchMethod(prototype, 'iterate', (original) => wrapIterate(original, messaging, enter));
    },
    [`${folder}/nats.js`](exports) {
      const prototype = methodsOf(exports, 'NatsConnectionImpl', ['publish', 'request', 'subscribe']);
      for (const name of ['publish', 'request', 'requestMany']) {
        patchIfPresent(prototype, name, (original) => client.wrapSend(original));
      }
      patchMethod(prototype, 'subscribe', (original) => client.wrapSubscribe(original));
    },
  });
}

export const create: CreateInstrumentation = (context) => {
  const messaging = new Messaging('nats', NATS.scope, context);
  const { attachContext } = context;
  return {
    targets: [
      ...coreTargets(NATS, 'lib/nats-base-client', messaging, attachContext),
      ...olderJetStreamTargets(NATS, messaging),
      ...coreTargets(NATS_CORE, 'lib', messaging, attachContext),
      ...jetStreamTargets(NATS_JETSTREAM, messaging),
    ],
  };
};
