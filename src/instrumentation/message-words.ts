/**
 * What official instrumentations of queues say in words of older conventions, in those of 1.44: `{operation}
 * {destination}` as the name, `messaging.destination.name` and the like. Application's thread, at the start of a span.
 */
import { type Attributes, type AttributeValue, SpanKind, type SpanOptions } from '@opentelemetry/api';
import {
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_CONVERSATION_ID,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY,
  MESSAGING_SYSTEM,
  SERVER_ADDRESS,
  SERVER_PORT,
} from './semconv.js';

type Said = readonly [name: string, options: SpanOptions];

/** Later parts are left out where they are empty, or say the same once more. */
export function joinedDestination(...parts: readonly (AttributeValue | undefined)[]): string {
  const texts = parts.map((part) => String(part ?? ''));
  return texts.filter((text, index) => text !== '' && texts.indexOf(text) === index).join(':');
}

const CONSUMED = / process$/;

/** RabbitMQ: a producer's destination is `{exchange}:{routing key}`, a consumer's has the queue besides. */
export function rephraseAmqplib(name: string, options: SpanOptions): Said {
  const given = options.attributes ?? {};
  const exchange = given['messaging.destination'];
  const routingKey = given['messaging.rabbitmq.routing_key'];
  const isConsumer = options.kind === SpanKind.CONSUMER;
  const queue = isConsumer ? name.replace(CONSUMED, '') : undefined;
  const destination = joinedDestination(exchange, routingKey, queue);
  const operation = isConsumer ? 'process' : 'publish';
  const attributes: Attributes = {
    [MESSAGING_SYSTEM]: 'rabbitmq',
    [MESSAGING_OPERATION_NAME]: operation,
    [MESSAGING_OPERATION_TYPE]: isConsumer ? 'process' : 'send',
    [MESSAGING_DESTINATION_NAME]: destination,
    [MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY]: routingKey,
    [MESSAGING_MESSAGE_ID]: given['messaging.message_id'],
    [MESSAGING_MESSAGE_CONVERSATION_ID]: given['messaging.conversation_id'],
    [SERVER_ADDRESS]: given[SERVER_ADDRESS],
    [SERVER_PORT]: given[SERVER_PORT],
  };
  return [`${operation} ${queue ?? destination}`, { ...options, attributes }];
}

const QUEUE_OPERATION = /^(.*) (send|receive)$/;

/** SQS and SNS; spans of other services stay as they are. */
export function rephraseAws(name: string, options: SpanOptions): Said {
  const system = options.attributes?.[MESSAGING_SYSTEM];
  const [, destination, operation] = (system === undefined ? null : QUEUE_OPERATION.exec(name)) ?? [];
  if (destination === undefined || operation === undefined) return [name, options];
  const { 'messaging.destination': _older, 'messaging.destination_kind': _kind, ...others } = options.attributes ?? {};
  const attributes: Attributes = {
    ...others,
    // Not the ARN of a topic, which has an attribute of its own, nor the number of a phone.
    [MESSAGING_DESTINATION_NAME]: destination,
    [MESSAGING_OPERATION_NAME]: operation,
    [MESSAGING_OPERATION_TYPE]: operation,
  };
  // Receiving is a call; what is done with the messages comes later.
  const kind = operation === 'receive' ? SpanKind.CLIENT : options.kind;
  return [`${operation} ${destination}`, { ...options, ...(kind !== undefined && { kind }), attributes }];
}
