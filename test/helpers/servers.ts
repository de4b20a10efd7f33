/**
 * Real databases and brokers for process tests, from installed programs. A laptop without them skips; CI must not.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { findFreePort } from './ports.js';
import { findProgram, type Place, type Program, runOnce, startServer } from './server-process.js';

export type ServerName = 'postgres' | 'mariadb' | 'memcached' | 'redis' | 'rabbitmq';

export interface RunningServer {
  host: '127.0.0.1';
  port: number;
  /** What its client libraries take, such as `postgres://postgres@127.0.0.1:4321/postgres`. */
  url: string;
  /** Stops it early; the teardown does it otherwise. */
  stop(): Promise<void>;
}

interface Recipe {
  /** Programs that must be installed, in the order `prepare` takes their paths. */
  programs: readonly string[];
  /** Debian packages that have them. */
  packages: string;
  prepare(place: Place, paths: string[]): Program | Promise<Program>;
  url(port: number): string;
}

const RECIPES: Readonly<Record<ServerName, Recipe>> = {
  postgres: {
    programs: ['initdb', 'postgres'],
    packages: 'postgresql',
    prepare: preparePostgres,
    url: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  },
  mariadb: {
    programs: ['mariadb-install-db', 'mariadbd'],
    packages: 'mariadb-server',
    prepare: prepareMariadb,
    url: (port) => `mysql://root@127.0.0.1:${port}/test`,
  },
  memcached: {
    programs: ['memcached'],
    packages: 'memcached',
    prepare: prepareMemcached,
    url: (port) => `127.0.0.1:${port}`,
  },
  redis: {
    programs: ['redis-server'],
    packages: 'redis-server',
    prepare: prepareRedis,
    url: (port) => `redis://127.0.0.1:${port}`,
  },
  rabbitmq: {
    programs: ['rabbitmq-server', 'epmd'],
    packages: 'rabbitmq-server',
    prepare: prepareRabbitmq,
    url: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
  },
};

/**
 * Starts a server that ends with the test `t`. When its programs are not installed the test gets a skip and this
 * returns undefined; with CI in the environment it throws instead. A server that is installed but fails always throws.
 */
export async function serverOrSkip(t: Test, name: ServerName): Promise<RunningServer | undefined> {
  const recipe = RECIPES[name];
  const paths = recipe.programs.map(findProgram);
  const missing = recipe.programs.filter((_, index) => paths[index] === undefined);
  if (missing.length > 0) {
    const reason = `${missing.join(' and ')} not installed (Debian: ${recipe.packages})`;
    if (process.env.CI) throw new Error(reason);
    t.pass(`no ${name} on this machine`, { skip: reason });
    return undefined;
  }
  const { port, stop } = await startServer(name, (place) => recipe.prepare(place, paths as string[]));
  let stopped: Promise<void> | undefined;
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  t.teardown(stopOnce);
  return { host: '127.0.0.1', port, url: recipe.url(port), stop: stopOnce };
}

function preparePostgres(place: Place, [initdb = '', postgres = '']: string[]): Program {
  const data = join(place.folder, 'data');
  runOnce(place, initdb, ['-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C']);
  const settings = ['fsync=off', 'full_page_writes=off', 'shared_buffers=16MB', 'max_connections=50'];
  return {
    command: postgres,
    args: ['-D', data, '-h', '127.0.0.1', '-p', `${place.port}`, '-k', place.folder].concat(
      settings.flatMap((setting) => ['-c', setting]),
    ),
    ready: /ready to accept connections/,
    // "Fast": disconnects clients instead of waiting for them.
    stopSignal: 'SIGINT',
  };
}

function prepareMariadb(place: Place, [install = '', mariadbd = '']: string[]): Program {
  const data = join(place.folder, 'data');
  runOnce(place, install, ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal']);
  const initFile = join(place.folder, 'init.sql');
  writeFileSync(initFile, 'CREATE DATABASE IF NOT EXISTS test;\n');
  return {
    command: mariadbd,
    args: [
      '--no-defaults',
      `--datadir=${data}`,
      `--socket=${join(place.folder, 'mariadb.sock')}`,
      `--pid-file=${join(place.folder, 'mariadb.pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${place.port}`,
      `--init-file=${initFile}`,
      '--innodb-buffer-pool-size=16M',
      '--innodb-flush-log-at-trx-commit=0',
    ],
    ready: /ready for connections/,
  };
}

function prepareMemcached({ port }: Place, [memcached = '']: string[]): Program {
  // It says the most with -vv, which is when it listens.
  return {
    command: memcached,
    args: ['-l', '127.0.0.1', '-p', `${port}`, '-m', '16', '-vv'],
    ready: /server listening/,
  };
}

function prepareRedis(place: Place, [redisServer = '']: string[]): Program {
  const { folder, port } = place;
  return {
    command: redisServer,
    args: ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', '', '--appendonly', 'no'],
    ready: /Ready to accept connections/,
  };
}

async function prepareRabbitmq(place: Place, [rabbitmq = '', epmd = '']: string[]): Promise<Program> {
  const { folder, port } = place;
  const epmdPort = await findFreePort();
  writeFileSync(join(folder, 'enabled_plugins'), '[].\n');
  return {
    // Erlang's port mapper would stay behind as a daemon: ours runs in the server's process group, on its own port.
    command: '/bin/sh',
    args: ['-c', '"$0" -port "$ERL_EPMD_PORT" & exec "$1"', epmd, rabbitmq],
    ready: /Starting broker\.\.\. completed/,
    env: {
      ERL_EPMD_PORT: `${epmdPort}`,
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RABBITMQ_NODENAME: `trace-agent-${port}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
      RABBITMQ_NODE_PORT: `${port}`,
      RABBITMQ_DIST_PORT: `${await findFreePort()}`,
      RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
      RABBITMQ_LOG_BASE: join(folder, 'log'),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
      RABBITMQ_CONF_ENV_FILE: join(folder, 'no-such-file'),
    },
  };
}
