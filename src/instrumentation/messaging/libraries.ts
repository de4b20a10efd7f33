/** Queues without an official instrumentation, and what official ones leave alone: one file of the package for all. */
import type { AgentConfig } from '../../config/types.js';
import type { CreateInstrumentation } from '../types.js';
import { create as amqplib } from './amqplib.js';
import { create as bullmq } from './bullmq.js';
import { create as mqtt } from './mqtt.js';
import { create as nats } from './nats.js';
import { RedisStreams } from './redis-streams.js';
import { create as sqsConsumer } from './sqs-consumer.js';

interface Library {
  readonly create: CreateInstrumentation;
}

export const libraries = {
  amqplib: { create: amqplib },
  bullmq: { create: bullmq },
  mqtt: { create: mqtt },
  nats: { create: nats },
  sqsConsumer: { create: sqsConsumer },
} satisfies Record<string, Library>;

/** For the instrumentations of redis and ioredis. */
export const redisStreams = (config: AgentConfig): RedisStreams => new RedisStreams(config);
