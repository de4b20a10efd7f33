/**
 * Message brokers that Debian does not have, for process tests: Kafka from its jars, the NATS server from its Go
 * module, moto (SQS) from PyPI, all in .servers/ by `scripts/install-queues.sh`; Mosquitto is Debian's.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ROOT } from './paths.js';
import { findFreePort } from './ports.js';
import { findProgram, type Place, type Program, runOnce, startServer } from './server-process.js';
import type { RunningServer } from './servers.js';

export type QueueName = 'kafka' | 'nats' | 'mosquitto' | 'moto';

interface Recipe {
  /** What must be there; undefined when it is not installed. */
  find(): string | undefined;
  readonly from: string;
  prepare(place: Place, found: string): Program | Promise<Program>;
  readonly scheme: string;
}

const SERVERS = join(ROOT, '.servers');
const local = (program: string) => (): string | undefined => {
  const path = join(SERVERS, 'bin', program);
  return existsSync(path) ? path : undefined;
};

const RECIPES: Readonly<Record<QueueName, Recipe>> = {
  kafka: {
    find: () => (existsSync(join(SERVERS, 'kafka')) ? findProgram('java') : undefined),
    from: 'Java, and scripts/install-queues.sh',
    prepare: prepareKafka,
    scheme: '',
  },
  nats: {
    find: local('nats-server'),
    from: 'scripts/install-queues.sh',
    prepare: ({ port, folder }, command) => ({
      command,
      args: ['-a', '127.0.0.1', '-p', `${port}`, '-js', '-sd', join(folder, 'jetstream')],
      ready: /Server is ready/,
    }),
    scheme: 'nats://',
  },
  mosquitto: {
    find: () => findProgram('mosquitto'),
    from: 'Debian: mosquitto',
    prepare: prepareMosquitto,
    scheme: 'mqtt://',
  },
  moto: {
    find: local('moto_server'),
    from: 'scripts/install-queues.sh',
    prepare: ({ port }, command) => ({
      // Not by the script itself: it names the interpreter by the folder that it was installed in.
      command: join(SERVERS, 'bin', 'python'),
      args: [command, '-H', '127.0.0.1', '-p', `${port}`],
      ready: /Running on/,
    }),
    scheme: 'http://',
  },
};

/** Like `serverOrSkip`: started for the test `t`, undefined and a skip when not installed, an error then in CI. */
export async function queueOrSkip(t: Test, name: QueueName): Promise<RunningServer | undefined> {
  const recipe = RECIPES[name];
  const found = recipe.find();
  if (found === undefined) {
    const reason = `${name} is not installed (${recipe.from})`;
    if (process.env.CI) throw new Error(reason);
    t.pass(`no ${name} on this machine`, { skip: reason });
    return undefined;
  }
  const { port, stop } = await startServer(name, (place) => {
    // They may run as root, and may be in a folder that only root can read.
    place.account = undefined;
    return recipe.prepare(place, found);
  });
  t.teardown(stop);
  return { host: '127.0.0.1', port, url: `${recipe.scheme}127.0.0.1:${port}`, stop };
}

function prepareMosquitto({ folder, port }: Place, command: string): Program {
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, `listener ${port} 127.0.0.1\nallow_anonymous true\nuser root\n`);
  return { command, args: ['-c', file], ready: /mosquitto version .* running/ };
}

/** One process that is broker and controller (KRaft). */
async function prepareKafka(place: Place, java: string): Promise<Program> {
  const { folder, port } = place;
  const controllerPort = await findFreePort();
  const properties = join(folder, 'server.properties');
  writeFileSync(properties, kafkaProperties(folder, port, controllerPort));
  const logging = join(folder, 'log4j2.properties');
  writeFileSync(logging, LOGGING);
  mkdirSync(join(folder, 'data'));
  const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];
  const all = [...flags, `-Dlog4j2.configurationFile=${logging}`, '-cp', join(SERVERS, 'kafka', '*')];
  runOnce(place, java, [...all, 'kafka.tools.StorageTool', 'format', '-t', CLUSTER, '-c', properties, '--standalone']);
  return { command: java, args: [...all, 'kafka.Kafka', properties], ready: /Kafka Server started/ };
}

/** Any 16 bytes in base64url. */
const CLUSTER = '4L6g3nShT-eMCtK--X86sw';

const LOGGING = `rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %p %m%n
logger.started.name = kafka.server.KafkaRaftServer
logger.started.level = info
`;

function kafkaProperties(folder: string, port: number, controllerPort: number): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'log.dirs': join(folder, 'data'),
    'num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 1,
    'group.initial.rebalance.delay.ms': 0,
    'controlled.shutdown.enable': false,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}
