/**
 * MQTT.js 4 and 5. With MQTT 5 the context travels as user properties of a message; MQTT 3.1.1 has no place for it, so
 * its messages have spans, each in a trace of its own. Main thread; loaded with the library.
 */
import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { bindTo } from '../caller-context.js';
import { type AnyFunction, patchMethod } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { MQTT } from './manifest.js';
import { type Delivery, Messaging, type Sending } from './messages.js';

type UserProperties = Record<string, string | string[]>;

interface PublishOptions {
  readonly properties?: { readonly userProperties?: UserProperties } | undefined;
}

interface Client {
  readonly options?: { readonly protocolVersion?: number };
  /** What is subscribed to, by its filter. */
  readonly _resubscribeTopics?: Readonly<Record<string, unknown>>;
  listenerCount(event: string): number;
}

const setter: TextMapSetter<UserProperties> = {
  set(properties, name, value) {
    properties[name] = value;
  },
};

const getter: TextMapGetter<UserProperties | undefined> = {
  keys: (properties) => Object.keys(properties ?? {}),
  get: (properties, name) => properties?.[name],
};

function matches(filter: string, topic: string): boolean {
  const levels = filter.split('/');
  // MQTT 5, 4.8.2: shared subscriptions are `$share/{group}/{filter}`.
  if (levels[0] === '$share') levels.splice(0, 2);
  const given = topic.split('/');
  for (const [index, level] of levels.entries()) {
    if (level === '#') return true;
    if (index >= given.length || (level !== '+' && level !== given[index])) return false;
  }
  return levels.length === given.length;
}

/** Topics have ids in them; the filter that was subscribed to has not. */
function templateOf(client: Client, topic: string): string | undefined {
  const filters = client._resubscribeTopics;
  if (filters === undefined || Object.hasOwn(filters, topic)) return undefined;
  return Object.keys(filters).find((filter) => matches(filter, topic));
}

const isVersion5 = (client: Client): boolean => client.options?.protocolVersion === 5;

function withContext(options: PublishOptions | undefined, sending: Sending): PublishOptions | undefined {
  const injected: UserProperties = {};
  sending.inject(injected, setter);
  // mqtt-packet 9 writes a malformed packet for properties without a name, and the connection stalls.
  if (Object.keys(injected).length === 0) return options;
  const userProperties = { ...options?.properties?.userProperties, ...injected };
  return { ...options, properties: { ...options?.properties, userProperties } };
}

interface Publishing {
  readonly parameters: unknown[];
  readonly sending: Sending;
  readonly endsByCallback: boolean;
}

/** `publish(topic, message, callback)` or `publish(topic, message, options, callback)`. */
function prepare(client: Client, given: unknown[], messaging: Messaging): Publishing | undefined {
  const [topic, message, third, fourth] = given;
  if (typeof topic !== 'string') return undefined;
  const sending = messaging.send({ operation: 'publish', name: topic });
  if (sending === undefined) return undefined;
  const options = typeof third === 'function' ? undefined : (third as PublishOptions | undefined);
  const callback = typeof third === 'function' ? third : fourth;
  const parameters = [topic, message, isVersion5(client) ? withContext(options, sending) : options];
  // Without a callback the client emits its error: it must not get one.
  if (typeof callback !== 'function') return { parameters, sending, endsByCallback: false };
  const bound = bindTo(activeContext(), callback as AnyFunction);
  parameters.push(function published(this: unknown, ...results: unknown[]) {
    if (results[0]) sending.fail(results[0]);
    sending.end();
    return bound.apply(this, results);
  });
  return { parameters, sending, endsByCallback: true };
}

function wrapPublish(original: AnyFunction, messaging: Messaging): AnyFunction {
  return function publish(this: Client, ...given: unknown[]): unknown {
    let publishing: Publishing | undefined;
    try {
      if (!messaging.faults.isDisabled) publishing = prepare(this, given, messaging);
    } catch (error) {
      messaging.faults.record(error);
    }
    if (publishing === undefined) return original.apply(this, given);
    const { parameters, sending, endsByCallback } = publishing;
    let isDone = false;
    try {
      const result: unknown = original.apply(this, parameters);
      isDone = true;
      return result;
    } finally {
      if (!isDone) sending.failUnseen();
      if (!isDone || !endsByCallback) sending.end();
    }
  };
}

interface Packet {
  readonly properties?: { readonly userProperties?: UserProperties } | undefined;
}

function receive(client: Client, topic: unknown, packet: unknown, messaging: Messaging): Delivery | undefined {
  if (typeof topic !== 'string' || client.listenerCount('message') === 0) return undefined;
  const properties = (packet as Packet | undefined)?.properties?.userProperties;
  const describe = () => ({ operation: 'process', name: topic, template: templateOf(client, topic) });
  return messaging.receive(properties, describe, getter);
}

/** Listeners run inside of `emit('message', topic, payload, packet)`, one after the other. */
function wrapEmit(original: AnyFunction, messaging: Messaging): AnyFunction {
  return function emit(this: Client, ...parameters: unknown[]): unknown {
    if (parameters[0] !== 'message' || messaging.faults.isDisabled) return original.apply(this, parameters);
    let delivery: Delivery | undefined;
    try {
      delivery = receive(this, parameters[1], parameters[3], messaging);
    } catch (error) {
      messaging.faults.record(error);
    }
    return delivery === undefined ? original.apply(this, parameters) : delivery.run(original, this, parameters);
  };
}

function patchClient(Client: { readonly prototype: object } | undefined, messaging: Messaging): void {
  const prototype = Client?.prototype as Record<string, unknown> | undefined;
  if (typeof prototype?.publish !== 'function' || typeof prototype.emit !== 'function') {
    throw new TypeError('no MqttClient');
  }
  patchMethod(prototype, 'publish', (original) => wrapPublish(original, messaging));
  patchMethod(prototype, 'emit', (original) => wrapEmit(original, messaging));
}

export const create: CreateInstrumentation = (context) => {
  const messaging = new Messaging('mqtt', MQTT.scope, context);
  const { module, versions } = MQTT;
  // 5: TypeScript's build; 4: the class is what the file exports.
  return {
    targets: ['build/lib/client.js', 'lib/client.js'].map((file) => ({
      module,
      file,
      versions,
      patch(exports) {
        patchClient((exports as { default?: { prototype: object } }).default ?? (exports as never), messaging);
        return exports;
      },
    })),
  };
};
