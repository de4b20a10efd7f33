/**
 * Starts the database and the services in the order of their needs, and stops them all. Runner process only.
 */
import { join } from 'node:path';
import { type Child, type ChildSpec, describeExit, startChild } from './child.js';
import { launchOf, type Receiver, SERVICES } from './services.js';

export interface ShopOptions {
  /** examples/shop in the source tree. */
  readonly shopDir: string;
  readonly agentFile: string;
  readonly receiver: Receiver;
  /** The variables every child gets: the user's, without OTEL_* and NODE_OPTIONS. */
  readonly env: Readonly<Record<string, string>>;
  /** An existing PostgreSQL; undefined starts the embedded one. */
  readonly databaseUrl: string | undefined;
  readonly onLine: ChildSpec['onLine'];
}

export interface Shop {
  /** Rejects when a needed process ended, or never listened; the message holds the tail of its output. */
  start(): Promise<{ readonly gatewayUrl: string }>;
  /** Rejects as soon as any process ends before `stop`; never resolves. */
  readonly crashed: Promise<never>;
  readonly isDatabaseEmbedded: boolean;
  /** SIGTERM to all, database last. Resolves to complaints, empty when everything ended as it should. */
  stop(): Promise<readonly string[]>;
  /** SIGKILL to what is left; for the runner's own `exit` event. */
  killAll(): void;
}

/** Prepares the shop; nothing runs before `start`. */
export function createShop(options: ShopOptions): Shop {
  const children = new Map<string, Child>();
  let isStopping = false;
  let reportCrash: (error: Error) => void = () => undefined;
  const crashed = new Promise<never>((_resolve, reject) => {
    reportCrash = reject;
  });
  crashed.catch(() => undefined);

  const launch = (spec: Omit<ChildSpec, 'onLine'>): Child => {
    if (isStopping) throw new Error(`${spec.name} was not started: the demo is stopping`);
    const child = startChild({ ...spec, onLine: options.onLine });
    children.set(spec.name, child);
    child.exited.then((exit) => {
      if (!isStopping) reportCrash(withTail(`${spec.name} ended in mid-demo (${describeExit(exit)})`, child));
    });
    return child;
  };

  return {
    crashed,
    isDatabaseEmbedded: options.databaseUrl === undefined,
    start: () => startAll(options, launch),
    async stop() {
      isStopping = true;
      const database = children.get('database');
      const services = [...children.values()].filter((child) => child !== database);
      const complaints = await Promise.all(services.map(stopOne));
      if (database !== undefined) complaints.push(await stopOne(database));
      return complaints.filter((complaint) => complaint !== undefined);
    },
    killAll() {
      isStopping = true;
      for (const child of children.values()) child.kill('SIGKILL');
    },
  };
}

async function stopOne(child: Child): Promise<string | undefined> {
  const complaint = await child.stop();
  return complaint === undefined ? undefined : withTail(`${child.name} ${complaint}`, child).message;
}

function withTail(message: string, child: Child): Error {
  return new Error(`${message}; the end of its output:\n${child.tail().replace(/^/gm, `  ${child.name} | `)}`);
}

async function startAll(
  options: ShopOptions,
  launch: (spec: Omit<ChildSpec, 'onLine'>) => Child,
): Promise<{ readonly gatewayUrl: string }> {
  const addresses = new Map<string, Promise<string>>([['database', prepareDatabase(options, launch)]]);
  for (const service of SERVICES) {
    const start = async (): Promise<string> => {
      const env: Record<string, string> = {};
      for (const [variable, needed] of Object.entries(service.needs)) {
        env[variable] = (await addresses.get(needed)) ?? '';
      }
      const how = launchOf(service, options);
      const child = launch({ ...how, name: service.name, env: { ...options.env, ...how.env, ...env } });
      return addressOf(child);
    };
    addresses.set(service.name, start());
  }
  await Promise.all(addresses.values());
  return { gatewayUrl: (await addresses.get('gateway')) ?? '' };
}

/** Starts the embedded database unless one is given, then makes the tables: a process of its own, as in a real roll-out. */
async function prepareDatabase(
  options: ShopOptions,
  launch: (spec: Omit<ChildSpec, 'onLine'>) => Child,
): Promise<string> {
  const cwd = join(options.shopDir, 'database');
  const databaseUrl =
    options.databaseUrl ??
    (await addressOf(launch({ name: 'database', args: [join(cwd, 'server.mjs')], cwd, env: options.env })));
  const migration = startChild({
    name: 'migration',
    args: [join(cwd, 'migrate.mjs')],
    cwd,
    env: { ...options.env, DATABASE_URL: databaseUrl },
    onLine: options.onLine,
  });
  const exit = await migration.exited;
  if (exit.code !== 0) throw withTail(`the database could not be prepared (${describeExit(exit)})`, migration);
  return databaseUrl;
}

async function addressOf(child: Child): Promise<string> {
  try {
    return await child.address;
  } catch (error) {
    throw withTail(error instanceof Error ? error.message : String(error), child);
  }
}
