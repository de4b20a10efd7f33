/**
 * JetStream of NATS: a callback of a consumer is around its messages, loops are followed by nats-iterator.ts, and for
 * `next()` and `pull()`, which give one message away, there is a span `receive`. Main thread; loaded with the library.
 */
import { createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { type AnyFunction, copyShape, patchIfPresent, patchMethod } from '../patch.js';
import type { PatchTarget } from '../types.js';
import type { Asking, AskRules } from './asking.js';
import type { Messaging } from './messages.js';
import { type Manifest, methodsOf, prototypeOf, targetsOf } from './nats-files.js';
import { arrivalOf, deliver } from './nats-message.js';

/** Set while the library waits for the message of one `next()`, in a loop of its own. */
const ASKING = createContextKey('trace-agent nats asking');

export function isAsking(): boolean {
  return activeContext().getValue(ASKING) === true;
}

/** Functions of an ordered consumer of nats 2 that look at messages first, and drop some of them. */
const checks = new WeakSet<object>();

interface Callbacks {
  callback?: unknown;
  userCallback?: unknown;
}

/** `pull()` rejects when no message is there: 404 at once, 408 after the time that it was given. */
const isNothing = (error: unknown): boolean => /^(404|408)$/.test(String((error as { code?: unknown } | null)?.code));

type StreamOf = (self: unknown, parameters: readonly unknown[]) => unknown;

class JetStream {
  readonly #messaging: Messaging;

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  /** `parameters[position]` is the message. */
  #wrapCallback(original: AnyFunction, position: number): AnyFunction {
    const messaging = this.#messaging;
    const callback = function callback(this: unknown, ...parameters: unknown[]): unknown {
      const delivery = deliver(messaging, parameters[position]);
      return delivery === undefined ? original.apply(this, parameters) : delivery.run(original, this, parameters);
    };
    copyShape(callback, original);
    return callback;
  }

  /** `consume({ callback })`. What is pushed may also be a function of the library's own. */
  wrapPush(original: AnyFunction): AnyFunction {
    const messaging = this.#messaging;
    return function push(this: Callbacks, ...parameters: unknown[]): unknown {
      const isCalledBack = typeof this.callback === 'function' && !checks.has(this.callback);
      const delivery =
        isCalledBack && typeof parameters[0] !== 'function' ? deliver(messaging, parameters[0]) : undefined;
      return delivery === undefined ? original.apply(this, parameters) : delivery.run(original, this, parameters);
    };
  }

  /** `consume({ callback })` of an ordered consumer, which keeps the callback for itself. */
  wrapOrderedConsume(original: AnyFunction): AnyFunction {
    const wrap = (callback: AnyFunction): AnyFunction => this.#wrapCallback(callback, 0);
    return function consume(this: Callbacks, ...parameters: unknown[]): unknown {
      const before = this.userCallback;
      const result: unknown = original.apply(this, parameters);
      const { userCallback } = this;
      if (typeof userCallback === 'function' && userCallback !== before)
        this.userCallback = wrap(userCallback as AnyFunction);
      return result;
    };
  }

  /** Of `subscribe()` and `pullSubscribe()` of nats 2: called with an error, and with the message. */
  wrapSubscriptionOptions(original: AnyFunction): AnyFunction {
    const wrap = (callback: AnyFunction): AnyFunction => this.#wrapCallback(callback, 1);
    return function options(this: unknown, ...parameters: unknown[]): unknown {
      const built = original.apply(this, parameters) as Callbacks | undefined;
      if (typeof built?.callback === 'function') built.callback = wrap(built.callback as AnyFunction);
      return built;
    };
  }

  wrapAsk(original: AnyFunction, streamOf: StreamOf): AnyFunction {
    const ask = (stream: unknown): Asking | undefined => this.#ask(stream);
    return function next(this: unknown, ...parameters: unknown[]): unknown {
      const asking = ask(streamOf(this, parameters));
      const result: unknown = runIn(activeContext().setValue(ASKING, true), original, this, parameters);
      return asking !== undefined && result instanceof Promise ? asking.follow(result) : result;
    };
  }

  #ask(stream: unknown): Asking | undefined {
    const { faults } = this.#messaging;
    const rules: AskRules = {
      arrivalOf,
      failedAt: (error) => (isNothing(error) ? undefined : { operation: 'receive', name: String(stream) }),
    };
    try {
      return this.#messaging.ask(rules);
    } catch (error) {
      faults.record(error);
      return undefined;
    }
  }
}

const ofConsumer: StreamOf = (self) => (self as { stream?: unknown }).stream;
const ofPull: StreamOf = (_self, [stream]) => stream;

function patchPush(exports: unknown, name: string, jetStream: JetStream): void {
  patchMethod(methodsOf(exports, name, ['_push']), '_push', (original) => jetStream.wrapPush(original));
}

/** In some releases what the consumer makes is in the same file; ordered ones have been a class of their own. */
function patchConsumers(exports: unknown, jetStream: JetStream): void {
  const consumer = methodsOf(exports, 'PullConsumerImpl', ['next']);
  const ordered = prototypeOf(exports, 'OrderedPullConsumerImpl');
  if (prototypeOf(exports, 'PullConsumerMessagesImpl')) patchPush(exports, 'PullConsumerMessagesImpl', jetStream);
  patchMethod(consumer, 'next', (original) => jetStream.wrapAsk(original, ofConsumer));
  if (ordered === undefined) return;
  patchIfPresent(ordered, 'next', (original) => jetStream.wrapAsk(original, ofConsumer));
  patchIfPresent(ordered, 'consume', (original) => jetStream.wrapOrderedConsume(original));
  patchIfPresent(ordered, 'internalHandler', (original) => markCheck(original));
}

function markCheck(original: AnyFunction): AnyFunction {
  return function internalHandler(this: unknown, ...parameters: unknown[]): unknown {
    const check = original.apply(this, parameters) as object;
    checks.add(check);
    return check;
  };
}

/** `@nats-io/jetstream` */
export function jetStreamTargets(manifest: Manifest, messaging: Messaging): PatchTarget[] {
  const jetStream = new JetStream(messaging);
  return targetsOf(manifest, {
    'lib/consumer.js': (exports) => patchConsumers(exports, jetStream),
    'lib/pushconsumer.js': (exports) => patchPush(exports, 'PushConsumerMessagesImpl', jetStream),
  });
}

/** `nats` 2, where a folder of its own came with 2.15. */
export function olderJetStreamTargets(manifest: Manifest, messaging: Messaging): PatchTarget[] {
  const jetStream = new JetStream(messaging);
  const patchClient = (exports: unknown): void => {
    const prototype = methodsOf(exports, 'JetStreamClientImpl', ['pull']);
    patchMethod(prototype, 'pull', (original) => jetStream.wrapAsk(original, ofPull));
    patchIfPresent(prototype, '_buildTypedSubscriptionOpts', (original) => jetStream.wrapSubscriptionOptions(original));
  };
  const consumers = (exports: unknown): void => patchConsumers(exports, jetStream);
  return targetsOf(manifest, {
    'lib/jetstream/jsclient.js': patchClient,
    'lib/jetstream/consumer.js': consumers,
    'lib/nats-base-client/jsclient.js': patchClient,
    'lib/nats-base-client/consumer.js': consumers,
    'lib/nats-base-client/consumermessages.js': (exports) => patchPush(exports, 'PullConsumerMessagesImpl', jetStream),
  });
}
