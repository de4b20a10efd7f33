/**
 * The official instrumentation of the AWS SDK writes into the input of a command, which is an object of the application:
 * it gets a copy. What it asks SQS for besides is taken out of the answer again. Application's thread; loaded with the
 * library. Of SNS it knows single messages only: batches are added here.
 */
import { propagation } from '@opentelemetry/api';
import { activeContext } from './active-context.js';
import type { AnyFunction } from './patch.js';

type Plain = Record<string, unknown>;

interface Response {
  readonly data?: { readonly Messages?: unknown };
  readonly request: { readonly commandInput: object };
}

interface Request {
  readonly commandName: string;
  readonly commandInput: Plain;
}

interface ServiceExtension {
  requestPreSpanHook?: (request: Request, ...more: unknown[]) => object;
  requestPostSpanHook?: (request: Request, ...more: unknown[]) => unknown;
  responseHook?: (response: Response, ...more: unknown[]) => unknown;
}

/** What we use of the official instrumentation. */
interface Official {
  _getV3MiddlewareStackResolvePatch: AnyFunction;
  readonly servicesExtensions?: { readonly services?: ReadonlyMap<string, ServiceExtension> };
}

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null;

const BATCH_OF_SNS = 'PublishBatchRequestEntries';
const MAX_ATTRIBUTES = 10;

/** Messages carry what is injected in `MessageAttributes`. */
function copyMessage(message: unknown): unknown {
  if (!isPlain(message)) return message;
  const { MessageAttributes: attributes } = message;
  return isPlain(attributes) ? { ...message, MessageAttributes: { ...attributes } } : { ...message };
}

function copyInput(input: unknown): unknown {
  const copy = copyMessage(input);
  if (!isPlain(copy)) return copy;
  for (const name of ['Entries', BATCH_OF_SNS]) {
    const entries = copy[name];
    if (Array.isArray(entries)) copy[name] = entries.map(copyMessage);
  }
  return copy;
}

/** What the application has asked for, by the copy of the input. */
const askedFor = new WeakMap<object, unknown>();

/** The middleware reads nothing of a command but its input. */
function withOwnInput(command: unknown): unknown {
  if (!isPlain(command)) return command;
  const input = copyInput(command.input);
  if (isPlain(input)) askedFor.set(input, input.MessageAttributeNames);
  return Object.assign(Object.create(Object.getPrototypeOf(command) as object) as object, command, { input });
}

/** SQS: `All`, or `.*`, or a name, or the beginning of names followed by `.*`. */
function isAskedFor(name: string, asked: readonly unknown[]): boolean {
  return asked.some((wanted) => {
    const text = String(wanted);
    return text === 'All' || text === name || (text.endsWith('.*') && name.startsWith(text.slice(0, -2)));
  });
}

function removeFrom(message: unknown, names: readonly string[], wasNothingAsked: boolean): void {
  if (!isPlain(message) || !isPlain(message.MessageAttributes)) return;
  for (const name of names) delete message.MessageAttributes[name];
  if (!wasNothingAsked || Object.keys(message.MessageAttributes).length > 0) return;
  delete message.MessageAttributes;
  delete message.MD5OfMessageAttributes;
}

/** Takes what carries the context out of messages of SQS, as far as the application has not asked for it. */
export function removeUnasked(messages: readonly unknown[], asked: readonly unknown[]): void {
  const names = propagation.fields().filter((name) => !isAskedFor(name, asked));
  for (const message of messages) removeFrom(message, names, asked.length === 0);
}

function removeFromResponse({ data, request }: Response): void {
  const asked = askedFor.get(request.commandInput);
  if (Array.isArray(data?.Messages)) removeUnasked(data.Messages, Array.isArray(asked) ? asked : []);
}

function injectInto(message: unknown): void {
  if (!isPlain(message)) return;
  const attributes: Plain = { ...(message.MessageAttributes as Plain | undefined) };
  if (Object.keys(attributes).length + propagation.fields().length > MAX_ATTRIBUTES) return;
  propagation.inject(activeContext(), attributes, {
    set: (carrier, name, value) => {
      carrier[name] = { DataType: 'String', StringValue: value };
    },
  });
  if (Object.keys(attributes).length > 0) message.MessageAttributes = attributes;
}

/** As for single messages: a span PRODUCER, whose context each of them carries. */
function addBatchesTo(sns: ServiceExtension): void {
  const { requestPreSpanHook, requestPostSpanHook } = sns;
  if (requestPreSpanHook === undefined || requestPostSpanHook === undefined) return;
  sns.requestPreSpanHook = (request, ...more) => {
    if (request.commandName !== 'PublishBatch') return requestPreSpanHook.call(sns, request, ...more);
    return requestPreSpanHook.call(sns, { ...request, commandName: 'Publish' }, ...more);
  };
  sns.requestPostSpanHook = (request, ...more) => {
    const entries = request.commandName === 'PublishBatch' ? request.commandInput[BATCH_OF_SNS] : undefined;
    if (!Array.isArray(entries)) return requestPostSpanHook.call(sns, request, ...more);
    for (const entry of entries) injectInto(entry);
    return undefined;
  };
}

export function keepAwsInput(instrumentation: object): void {
  const official = instrumentation as Official;
  const patchResolve = official._getV3MiddlewareStackResolvePatch.bind(official);
  official._getV3MiddlewareStackResolvePatch = (version: unknown, original: AnyFunction) => {
    const resolve = patchResolve(version, original) as AnyFunction;
    return function resolveOwn(this: unknown, ...parameters: unknown[]): unknown {
      const handle = resolve.apply(this, parameters) as AnyFunction;
      return function handleOwn(this: unknown, command: unknown): unknown {
        return handle.call(this, withOwnInput(command));
      };
    };
  };
  const sns = official.servicesExtensions?.services?.get('SNS');
  if (sns !== undefined) addBatchesTo(sns);
  const sqs = official.servicesExtensions?.services?.get('SQS');
  const { responseHook } = sqs ?? {};
  if (sqs === undefined || responseHook === undefined) return;
  sqs.responseHook = (response, ...more) => {
    const result = responseHook(response, ...more);
    removeFromResponse(response);
    return result;
  };
}
