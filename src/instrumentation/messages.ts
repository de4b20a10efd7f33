/**
 * Messages that official instrumentations write propagation headers into: they get copies, because the application's own
 * objects must stay as they are, frozen ones included. Application's thread; loaded with the library. One file of the
 * package for all that keeps official instrumentations from changing what is the application's.
 */
import type { AnyFunction } from './patch.js';
import type { LinkParameters, PrepareParameters } from './quiet-shimmer.js';

export { graphqlParameters, keepBunyan, keepCallback, keepMemoizer } from './adjustments.js';
export { keepAwsInput } from './aws-input.js';
export { keepCucumber } from './cucumber.js';
export { kafkajsTargets } from './kafkajs-context.js';
export { rephraseAmqplib, rephraseAws } from './message-words.js';
export { keepApiPromises } from './openai.js';
export { undiciOptions } from './undici/official.js';

interface WithHeaders {
  readonly headers?: object | null | undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function withOwnHeaders<Message extends WithHeaders>(message: Message): Message {
  return { ...message, headers: { ...message.headers } };
}

/** `publish(exchange, routingKey, content, options, ...)` of both kinds of channel. */
export const AMQPLIB_PARAMETERS: PrepareParameters = {
  publish([exchange, routingKey, content, options, ...rest]) {
    if (options !== undefined && options !== null && !isObject(options)) return undefined;
    return [exchange, routingKey, content, withOwnHeaders((options ?? {}) as WithHeaders), ...rest];
  },
};

/** Undefined for what kafkajs refuses: its error shows the message as the application gave it. */
function copyRecord(record: unknown): unknown {
  if (!isObject(record) || !Array.isArray(record.messages)) return undefined;
  const isValid = record.messages.every((message: unknown) => isObject(message) && message.value !== undefined);
  return isValid ? { ...record, messages: record.messages.map(withOwnHeaders) } : undefined;
}

function copyBatch(batch: unknown): unknown {
  if (!isObject(batch) || !Array.isArray(batch.topicMessages)) return undefined;
  const topicMessages = batch.topicMessages.map(copyRecord);
  return topicMessages.includes(undefined) ? undefined : { ...batch, topicMessages };
}

const firstCopied =
  (copy: (value: unknown) => unknown) =>
  ([first, ...rest]: unknown[]): unknown[] | undefined => {
    const copied = copy(first);
    return copied === undefined ? undefined : [copied, ...rest];
  };

type MakePatch = () => (original: AnyFunction) => AnyFunction;

function withCopies(makePatch: MakePatch, copy: (value: unknown) => unknown): MakePatch {
  const copyFirst = firstCopied(copy);
  return () => (original) => {
    const patched = makePatch()(original);
    return function send(this: unknown, ...parameters: unknown[]): unknown {
      const copied = copyFirst(parameters);
      return copied === undefined ? original.apply(this, parameters) : patched.apply(this, copied);
    };
  };
}

/** Producers get one record or a batch of them, and so do transactions, which it patches by itself. */
export function keepKafkaRecords(official: object): void {
  const patches = official as Record<'_getSendPatch' | '_getSendBatchPatch', MakePatch>;
  patches._getSendPatch = withCopies(patches._getSendPatch.bind(official), copyRecord);
  patches._getSendBatchPatch = withCopies(patches._getSendBatchPatch.bind(official), copyBatch);
}

/** Consumers get an object whose functions are replaced. */
export const KAFKAJS_PARAMETERS: PrepareParameters = {
  run: firstCopied((config) => (isObject(config) ? { ...config } : undefined)),
};

/** `off(event, listener)` and `listeners(event)` know a wrapped listener by this property. Node: events, `once`. */
export const SOCKET_IO_LINKS: LinkParameters = {
  on([, listener], [, given]) {
    if (listener !== given && typeof listener === 'function') Object.assign(listener, { listener: given });
  },
};
