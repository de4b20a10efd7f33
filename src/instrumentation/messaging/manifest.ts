/** What our own instrumentations of message queues cover. Data only. */
/** Besides what the official instrumentation patches. */
export const AMQPLIB = { module: 'amqplib', versions: ['>=0.5.5 <3'], scope: '@org/trace-agent/amqplib' } as const;
/** From the first release that has a telemetry interface. */
export const BULLMQ = { module: 'bullmq', versions: ['>=5.25.0 <7'], scope: '@org/trace-agent/bullmq' } as const;
export const MQTT = { module: 'mqtt', versions: ['>=4.0.0 <6'], scope: '@org/trace-agent/mqtt' } as const;
/** From the first release for the AWS SDK 3. */
export const SQS_CONSUMER = {
  module: 'sqs-consumer',
  versions: ['>=7.0.0 <16'],
  scope: '@org/trace-agent/sqs-consumer',
} as const;
const NATS_SCOPE = '@org/trace-agent/nats';
export const NATS = { module: 'nats', versions: ['>=2.8.0 <3'], scope: NATS_SCOPE } as const;
export const NATS_CORE = { module: '@nats-io/nats-core', versions: ['>=3.0.0 <4'], scope: NATS_SCOPE } as const;
export const NATS_JETSTREAM = { module: '@nats-io/jetstream', versions: ['>=3.0.0 <4'], scope: NATS_SCOPE } as const;
