/** Message queues: the sender and the receiver are two processes, both with the agent, and a real broker between them. */
import { HOOKS } from '../helpers/containment.js';
import type { Aside } from '../helpers/scenario.js';
import { type LibraryCase, type LibraryCases, LOWEST_FIXTURE, locked } from './library-case.js';

const FIXTURE = 'libraries-messaging';
const BURST = 50;

/** Fifty messages, for a consumer that was started in a request: as many traces, of the producer and the consumer. */
const burst: Aside = {
  includes: (trace) => trace.some(({ name }) => name.endsWith('burst')),
  check(t, traces) {
    t.equal(traces.length, BURST, 'each message of the burst has a trace of its own');
    const shapes = traces.map((trace) =>
      trace
        .map(({ kind }) => kind)
        .sort()
        .join(),
    );
    t.strictSame([...new Set(shapes)], ['CONSUMER,PRODUCER'], 'of its producer and its consumer');
  },
};

/** The receiver starts its consumers in a request. */
const STARTED = `
        consumer CLIENT GET
          consumer SERVER GET
`;

/** One empty line between two traces. */
const drawn = (traces: string): string => traces.replace(/\n\s*\n/g, '\n\n');

/** One message that is sent in a request, and the call that the receiver makes for it. */
const oneMessage = (send: string, process: string, how = ''): string => `
        app CLIENT GET
          app SERVER GET
            app PRODUCER ${send}
              consumer CONSUMER ${process}${how}
                consumer CLIENT GET
                  app SERVER GET
`;

const KAFKA: LibraryCase = {
  library: 'kafkajs',
  instrumentation: 'kafkajs',
  server: 'Apache Kafka 4.1.1',
  tried: locked(['kafkajs'], FIXTURE),
  meets: 'official',
  scenario: {
    name: 'kafkajs',
    folder: FIXTURE,
    aside: burst,
    // kafkajs sets timers to a time that has passed, of which Node.js 26 warns.
    env: { NODE_OPTIONS: '--no-warnings' },
    normalise: { omit: ['messaging.kafka.offset'] },
    traces: drawn(`
${STARTED}
${oneMessage('send orders', 'process orders')}
        app CLIENT GET                      # several at once: each message has a context of its own
          app SERVER GET
            app PRODUCER send orders
              consumer CONSUMER process orders
                consumer CLIENT GET
                  app SERVER GET
            app PRODUCER send orders
              consumer CONSUMER process orders
                consumer CLIENT GET
                  app SERVER GET

        app CLIENT GET                      # in a transaction
          app SERVER GET
            app INTERNAL transaction
              app PRODUCER send orders
                consumer CONSUMER process orders
                  consumer CLIENT GET
                    app SERVER GET

        app CLIENT GET                      # a handler that fails gets the message again
          app SERVER GET
            app PRODUCER send orders
              consumer CONSUMER process orders ERROR
                consumer CLIENT GET
                  app SERVER GET
              consumer CONSUMER process orders
                consumer CLIENT GET
                  app SERVER GET

        app CLIENT GET
          app SERVER GET
            app PRODUCER send batches
            app PRODUCER send batches

        consumer CLIENT poll batches        # a batch: linked to both
          consumer CONSUMER process batches
          consumer CONSUMER process batches
          consumer CLIENT GET
            app SERVER GET
    `),
  },
};

const amqplib: LibraryCase = {
  library: 'amqplib',
  instrumentation: 'amqplib',
  server: 'RabbitMQ',
  tried: locked(['amqplib05', 'amqplib'], FIXTURE),
  meets: 'official',
  scenario: {
    name: 'amqplib',
    folder: FIXTURE,
    aside: burst,
    traces: drawn(`
        consumer CLIENT GET
          consumer SERVER GET
            consumer CLIENT receive asked   # linked to the message
            consumer CLIENT GET
              app SERVER GET
            consumer CLIENT receive called-back
            consumer CLIENT GET
              app SERVER GET

${oneMessage('publish orders', 'process orders')}
${oneMessage('publish events:order.new', 'process orders')}
${oneMessage('publish orders', 'process orders')}
${oneMessage('publish orders', 'process orders', ' ERROR')}
        app CLIENT GET
          app SERVER GET
            app PRODUCER publish asked

        app CLIENT GET
          app SERVER GET
            app PRODUCER publish called-back
    `),
  },
};

/** Asked for with `next()` or `pull()`: the span is linked to the producer, and what comes after it is the caller's. */
const startedAndAsked = (times: number): string => `
        consumer CLIENT GET
          consumer SERVER GET
${'            consumer CLIENT receive STORED\n'.repeat(times)}
${'            consumer CLIENT GET\n              app SERVER GET\n'.repeat(times)}
`;

const asked = (subject: string, send = 'publish'): string => `
        app CLIENT GET
          app SERVER GET
            app PRODUCER ${send} ${subject}
`;

const NATS_BASICS = `
${oneMessage('publish called.1', 'process called.*')}
${oneMessage('publish looped.1', 'process looped.*')}
${oneMessage('publish looped.2', 'process looped.*')}
${oneMessage('publish looped.3', 'process looped.*')}
        app CLIENT GET                      # a request that nobody answers
          app SERVER GET
            app PRODUCER publish nobody ERROR
`;

/** What nats 2 has besides, from its first releases on. */
const NATS_OLDER = `
${asked('stored.older-asked')}
${['fetched', 'called', 'looped', 'pushed'].map((how) => oneMessage(`publish stored.older-${how}`, 'process STORED')).join('\n')}
`;

const drawnOf = (asks: number, ...parts: readonly string[]): string =>
  drawn([startedAndAsked(asks).replace(/\n\n+/g, '\n'), ...parts].join('\n\n'));

interface Nats {
  readonly name: string;
  readonly folders: readonly [string, ...string[]];
  readonly lowest: NonNullable<LibraryCase['lowest']>;
  /** Times that a receiver asks for one message. */
  readonly asks: number;
  /** What only one of the two lines has. */
  readonly more: string;
}

const olderOf = (folders: readonly string[]): string[] =>
  folders.flatMap((folder) => (OLDEST[folder] === undefined ? [] : [OLDEST[folder].folder]));

const nats = ({ name, folders, lowest, asks, more }: Nats): LibraryCase => ({
  library: folders[0],
  instrumentation: 'nats',
  server: 'NATS 2.12.2',
  tried: [...locked(folders, LOWEST_FIXTURE), ...locked([...olderOf(folders), ...folders], FIXTURE)],
  lowest,
  meets: HOOKS,
  scenario: {
    name,
    folder: FIXTURE,
    aside: burst,
    // Ordered consumers get names that are never the same.
    normalise: { replace: [[/^(oc_)?[A-Za-z0-9]{22}_\d+$/, '<ordered>']] },
    traces: drawnOf(
      asks,
      NATS_BASICS,
      oneMessage('publish stored.pulled', 'process STORED'),
      oneMessage('publish stored.called', 'process STORED'),
      `
        app CLIENT GET                      # two messages, fetched together
          app SERVER GET
            app PRODUCER publish stored.fetched
              consumer CONSUMER process STORED
                consumer CLIENT GET
                  app SERVER GET
            app PRODUCER publish stored.fetched
              consumer CONSUMER process STORED
                consumer CLIENT GET
                  app SERVER GET
      `,
      asked('stored.asked'),
      oneMessage('publish stored.ordered', 'process STORED'),
      oneMessage('publish stored.ordered-called', 'process STORED'),
      asked('stored.ordered-asked'),
      more,
    ),
  },
});

const mqtt: LibraryCase = {
  library: 'mqtt',
  instrumentation: 'mqtt',
  server: 'Mosquitto',
  tried: [...locked(['mqtt'], LOWEST_FIXTURE), ...locked(['mqtt'], FIXTURE)],
  lowest: {},
  meets: ['start', 'attributes', 'state', 'inject', 'extract', 'end'],
  scenario: {
    name: 'mqtt',
    folder: FIXTURE,
    aside: burst,
    traces: drawn(`
${STARTED}
${[1, 2, 3, 4, 5].map((id) => oneMessage(`publish orders/${id}`, 'process orders/+')).join('\n')}
        app CLIENT GET                      # MQTT 3.1.1 has no place for a context
          app SERVER GET
            app PRODUCER publish older

        consumer CONSUMER process older
          consumer CLIENT GET
            app SERVER GET
    `),
  },
};

const BULLMQ_BASICS = drawn(`
        app CLIENT hset 127.0.0.1:<port>    # each queue writes its version when it is made

        app CLIENT hset 127.0.0.1:<port>

        app CLIENT hset 127.0.0.1:<port>

        consumer CLIENT GET
          consumer SERVER GET
            consumer CLIENT receive asked   # linked to the job
            consumer CLIENT GET
              app SERVER GET
            consumer CLIENT receive asked
            consumer CLIENT GET
              app SERVER GET
            consumer CLIENT receive asked   # with the end of the one before
            consumer CLIENT GET
              app SERVER GET
${oneMessage('add mail', 'process mail')}
        app CLIENT GET                      # several at once
          app SERVER GET
            app PRODUCER addBulk mail
              consumer CONSUMER process mail
                consumer CLIENT GET
                  app SERVER GET
              consumer CONSUMER process mail
                consumer CLIENT GET
                  app SERVER GET

        app CLIENT GET                      # a flow
          app SERVER GET
            app PRODUCER addFlow mail
              consumer CONSUMER process mail
                consumer CLIENT GET
                  app SERVER GET
              consumer CONSUMER process mail
                consumer CLIENT GET
                  app SERVER GET
${asked('asked', 'add')}
${asked('asked', 'addBulk')}
`);

const bullmq: LibraryCase = {
  library: 'bullmq',
  instrumentation: 'bullmq',
  server: 'Redis',
  tried: locked(['bullmq5', 'bullmq'], FIXTURE),
  meets: HOOKS,
  scenario: {
    name: 'bullmq',
    folder: FIXTURE,
    aside: burst,
    // The jobs of a flow, and of a schedule.
    normalise: {
      replace: [
        [/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, '<id>'],
        [/^repeat:often:\d+$/, 'repeat:often:<time>'],
        // Both connections are ready in the same millisecond.
        [/bull:\w+:meta/, 'bull:<queue>:meta'],
      ],
    },
    traces: drawn(`
${BULLMQ_BASICS}
        app CLIENT GET                      # an attempt that fails, and the next one
          app SERVER GET
            app PRODUCER add mail
              consumer CONSUMER process mail ERROR
                consumer CLIENT GET
                  app SERVER GET
              consumer CONSUMER process mail
                consumer CLIENT GET
                  app SERVER GET

        app CLIENT GET                      # a job that repeats: its runs belong to no trace but their own
          app SERVER GET
            app PRODUCER add mail

        consumer CONSUMER process mail

        consumer CONSUMER process mail

        consumer CONSUMER process mail
    `),
  },
};

/** What a receiver's loop asks for, again and again: when, and how often in vain, is not certain. */
const receives: Aside = {
  includes: (trace) => trace.every(({ name }) => name.startsWith('receive ')),
  check(t, traces) {
    const several = traces.flat().filter(({ attributes }) => attributes['messaging.batch.message_count'] === 2);
    t.equal(several.length, 1, 'two messages were received at once, in a trace of its own');
    t.equal(
      several[0]?.links.filter(({ attributes }) => attributes['messaging.message.id']).length,
      2,
      'linked to both',
    );
  },
};

const sqs: LibraryCase = {
  library: '@aws-sdk/client-sqs',
  instrumentation: 'aws-sdk',
  server: 'moto 5.2.5',
  double: true,
  tried: locked(['@aws-sdk/client-sqs'], FIXTURE),
  needsNode: '>=20',
  meets: 'official',
  scenario: {
    name: 'sqs',
    folder: FIXTURE,
    aside: receives,
    // The loop was started in a request: what it does later is not of that trace. Releases warn of older Node.js lines.
    env: { OTEL_NODE_DETACH_AFTER: '1', NODE_OPTIONS: '--no-warnings' },
    normalise: { omit: ['aws.request.id', 'messaging.message.id'] },
    traces: drawn(`
        app CLIENT SQS.DeleteQueue

        app CLIENT SQS.CreateQueue

        app CLIENT SQS.DeleteQueue

        app CLIENT SQS.CreateQueue

        app CLIENT SNS CreateTopic

        app CLIENT SNS Subscribe

        consumer CLIENT GET
          consumer SERVER GET
            consumer CLIENT receive orders  # linked to the message
            consumer CLIENT receive asked

        app CLIENT GET
          app SERVER GET
            app PRODUCER send orders

        consumer CLIENT SQS.DeleteMessage

        consumer CLIENT GET
          app SERVER GET

        app CLIENT GET
          app SERVER GET
            app PRODUCER send orders

        consumer CLIENT SQS.DeleteMessage

        consumer CLIENT GET
          app SERVER GET

        consumer CLIENT SQS.DeleteMessage

        consumer CLIENT GET
          app SERVER GET

        app CLIENT GET
          app SERVER GET
            app PRODUCER send asked
              consumer CLIENT GET           # by extract()
                app SERVER GET

        consumer CLIENT SQS.DeleteMessage

        app CLIENT GET                      # a topic that the queue follows
          app SERVER GET
            app PRODUCER send news
              consumer CLIENT GET
                app SERVER GET

        consumer CLIENT SQS.DeleteMessage

        app CLIENT GET                      # a batch of it
          app SERVER GET
            app PRODUCER send news
              consumer CLIENT GET
                app SERVER GET

        consumer CLIENT SQS.DeleteMessage
    `),
  },
};

const CONSUMED = `
        app CLIENT SQS.DeleteQueue

        app CLIENT SQS.CreateQueue
`;

/** Its loop belongs to nobody: each time that it asks is a trace. */
const asks: Aside = {
  includes: (trace) => receives.includes(trace),
  check(t, traces) {
    const spans = traces.flat();
    t.ok(spans.length > 3 && spans.length === traces.length, 'each time that it asks is a trace');
  },
};

const consumedMail = `
              consumer CONSUMER process mail
                consumer CLIENT GET
                  app SERVER GET
                consumer CLIENT SQS.DeleteMessage
`.trimEnd();

const sqsConsumer: LibraryCase = {
  library: 'sqs-consumer',
  instrumentation: 'sqs-consumer',
  server: 'moto 5.2.5',
  double: true,
  tried: locked(['sqs-consumer7', 'sqs-consumer'], FIXTURE),
  needsNode: '>=22',
  meets: HOOKS.filter((hook) => hook !== 'inject'),
  // Nothing injects then; official instrumentations are not what is shown here.
  broken: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'aws-sdk', TEST_STEPS: 'several,fails' },
  scenario: {
    name: 'sqs-consumer',
    folder: FIXTURE,
    aside: asks,
    env: { NODE_OPTIONS: '--no-warnings' },
    normalise: {
      omit: ['aws.request.id', 'messaging.message.id'],
      // Older releases put words in front of the application's error, and do not keep it.
      replace: [[/^Unexpected message handler failure: /, '']],
    },
    traces: drawn(`
${CONSUMED.repeat(2)}
${STARTED}
        app CLIENT GET
          app SERVER GET
            app PRODUCER send mail${consumedMail}

        app CLIENT GET                      # a function that fails gets the message again
          app SERVER GET
            app PRODUCER send mail
              consumer CONSUMER process mail ERROR
                consumer CLIENT GET
                  app SERVER GET
                consumer CLIENT SQS.ChangeMessageVisibility${consumedMail}

        app CLIENT GET                      # several at once
          app SERVER GET
            app PRODUCER send mail${consumedMail.repeat(10)}

        app CLIENT GET
          app SERVER GET
            app PRODUCER send batches

        consumer CONSUMER process batches   # a batch: linked to both
          consumer CLIENT GET
            app SERVER GET
    `),
  },
};

/** What a reader's loop asks for: in a trace of its own each time, linked to the producer of each entry. */
function readerOf(command: string): Aside {
  const producers = new Set<string>();
  const names = /^(receive|xreadgroup|XREADGROUP) /;
  return {
    includes(trace) {
      for (const { kind, spanId } of trace) if (kind === 'PRODUCER') producers.add(spanId);
      return trace.every(({ name }) => names.test(name)) || trace.some(({ name }) => name === `${command} burst`);
    },
    check(t, traces) {
      t.ok(
        traces.every(({ length }) => length === 1),
        'no trace grows',
      );
      const spans = traces.flat();
      t.equal(spans.filter(({ kind }) => kind === 'PRODUCER').length, BURST, 'each entry of the burst has a producer');
      // Besides the one to the request that the loop was started in.
      const linksOf = (span: (typeof spans)[number] | undefined) =>
        (span?.links ?? []).filter(({ attributes }) => attributes['messaging.message.id'] !== undefined);
      const links = spans.filter(({ name }) => name === 'receive burst').flatMap(linksOf);
      t.equal(new Set(links.map(({ spanId }) => spanId)).size, BURST, 'whom its reader is linked to');
      const several = spans.filter(({ attributes }) => attributes['messaging.batch.message_count'] === 2);
      const ofOrders = several.find(({ name }) => name === 'receive orders');
      t.equal(linksOf(ofOrders).length, 2, 'several entries are several links');
      const lost = spans.flatMap(linksOf).filter(({ spanId }) => !producers.has(spanId));
      t.strictSame(lost, [], 'links lead to producers');
    },
  };
}

/** The work on an entry: its reader is in nobody's context. */
const WORK = `
        consumer CLIENT GET
          app SERVER GET
`;

/** `name` writes a command as the library does. */
const streams = (library: string, name: (command: string) => string): LibraryCase => ({
  library,
  instrumentation: library,
  server: 'Redis',
  tried: locked([library]),
  others: { test: 'unit/redis-streams', folders: STREAM_FOLDERS.filter((folder) => folder.startsWith(library)) },
  // One hook at a time: process/containment.
  meets: 'official',
  broken: { OTEL_NODE_REDIS_STREAM_CONTEXT: 'true' },
  scenario: {
    name: `streams-${library}`,
    folder: 'streams',
    aside: readerOf(name('XADD')),
    // The loop was started in a request: what it does later is not of that trace.
    env: { OTEL_NODE_REDIS_STREAM_CONTEXT: 'true', OTEL_NODE_DETACH_AFTER: '1' },
    normalise: { replace: [[/\d{13}-\d+/, '<entry>']] },
    traces: drawn(`
        app CLIENT ${name('FLUSHALL')} 127.0.0.1:<port>

        app CLIENT ${name('XGROUP')} 127.0.0.1:<port>

        app CLIENT ${name('XGROUP')} 127.0.0.1:<port>

        consumer CLIENT GET
          consumer SERVER GET
            consumer CLIENT receive orders  # linked to the entry that came first

        app CLIENT GET
          app SERVER GET
            app PRODUCER ${name('XADD')} orders
${WORK}
        app CLIENT GET
          app SERVER GET
            app PRODUCER XADD orders        # as it was called
${WORK}
        app CLIENT GET                      # two in a transaction
          app SERVER GET
            app PRODUCER MULTI ${name('XADD')} 127.0.0.1:<port>
${WORK.repeat(2)}
    `),
  },
});

/** Releases in the project's node_modules that test/unit runs, besides the ones that applications import. */
const STREAM_FOLDERS = ['redis40', 'redis4', 'redis50', 'redis6', 'ioredis40', 'ioredis4', 'ioredis6'];

interface Oldest {
  /** Folder in node_modules. */
  readonly folder: string;
  /** Range of Node.js versions that what it needs runs on. */
  readonly needsNode?: string;
  /** Where a program in `oldest` does less than the newest release can. */
  readonly scenario?: Partial<LibraryCase['scenario']>;
}

/** An older release that is tried besides the newest and the lowest, by library. */
export const OLDEST: Readonly<Record<string, Oldest>> = {
  amqplib: { folder: 'amqplib05' },
  // The last one whose JetStream has no folder of its own, and one of the first with consumers.
  nats: { folder: 'nats214' },
  'sqs-consumer': { folder: 'sqs-consumer7', needsNode: '>=20' },
  bullmq: {
    folder: 'bullmq5',
    scenario: {
      name: 'bullmq5',
      env: { TEST_STEPS: 'single,several,flow,asked,askedNext' },
      traces: BULLMQ_BASICS.replaceAll('hset', 'hmset'),
    },
  },
};

const NATS_STEPS = ['callback', 'loop', 'again', 'request', 'pulled', 'called', 'fetched', 'ordered', 'orderedCalled'];

/** Steps whose messages are worked on in the traces of their producers, by the name of the program. */
export const UNSAMPLED: Readonly<Record<string, readonly string[]>> = {
  kafkajs: ['single', 'several', 'transaction', 'fails'],
  amqplib: ['queue', 'exchange', 'without', 'reject'],
  nats: [...NATS_STEPS, 'older-fetched', 'older-called', 'older-looped', 'older-pushed'],
  nats3: [...NATS_STEPS, 'pushed'],
  mqtt: ['atMostOnce', 'atLeastOnce', 'exactlyOnce', 'withoutOptions', 'withoutCallback'],
  bullmq: ['single', 'several', 'flow', 'fails'],
  sqs: ['asked', 'topic', 'topicBatch'],
  'sqs-consumer': ['single', 'fails'],
  // A reader is linked to producers.
  'streams-redis': [],
  'streams-ioredis': [],
};

/** Further steps of theirs: a receiver that asks for one message waits for it. */
export const ASKED: Readonly<Record<string, readonly string[]>> = {
  nats: ['asked', 'orderedAsked', 'older-asked'],
  nats3: ['asked', 'orderedAsked'],
  bullmq: ['asked', 'askedNext'],
  'streams-redis': ['single', 'raw', 'several'],
  'streams-ioredis': ['single', 'raw', 'several'],
};

/** Programs for what is ours in a library whose instrumentation is an adopted one, and what that meets. */
export const ADDED: Readonly<Record<string, Pick<LibraryCase, 'meets'> & { readonly name: string }>> = {
  amqplib: { name: 'amqplib-get', meets: ['start', 'extract', 'attributes', 'response', 'error', 'end'] },
};

export const MESSAGING: LibraryCases = [
  KAFKA,
  amqplib,
  nats({
    name: 'nats',
    folders: ['nats'],
    // JetStream has no consumers yet but those of subscriptions.
    lowest: {
      name: 'nats28',
      env: {
        TEST_STEPS:
          'callback,loop,again,request,unanswered,older-asked,older-fetched,older-called,older-looped,older-pushed',
      },
      traces: drawnOf(1, NATS_BASICS, NATS_OLDER),
    },
    asks: 3,
    more: NATS_OLDER,
  }),
  nats({
    name: 'nats3',
    folders: ['@nats-io/transport-node', '@nats-io/jetstream'],
    lowest: {},
    asks: 2,
    more: oneMessage('publish stored.pushed', 'process STORED'),
  }),
  mqtt,
  bullmq,
  sqs,
  sqsConsumer,
  streams('redis', (command) => command),
  streams('ioredis', (command) => command.toLowerCase()),
];
