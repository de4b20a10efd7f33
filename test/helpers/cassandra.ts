/**
 * One node of Apache Cassandra for process tests, from its jars in .servers/cassandra (scripts/install-servers.mjs). Needs
 * Java 17.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { installedOrSkip, SERVERS } from './installed.js';
import { findFreePort } from './ports.js';
import { findProgram, type Place, type Program, startServer } from './server-process.js';
import type { RunningServer } from './servers.js';

const JARS = join(SERVERS, 'cassandra');

/** What it takes from the inside of Java. */
const EXPORTED = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
];
const OPENED = [
  'java.base/java.io',
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.lang.reflect',
  'java.base/java.net',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.management/com.sun.management.internal',
];

/** For a start in seconds: little memory, no optimising compiler, nobody to wait for. */
const FLAGS = [
  '-Xms256m',
  '-Xmx384m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Xshare:auto',
  '-Djdk.attach.allowAttachSelf=true',
  '-Dcassandra.ring_delay_ms=0',
  '-Dcassandra.skip_wait_for_gossip_to_settle=0',
  '-Dcassandra.load_ring_state=false',
  '-Dcassandra.superuser_setup_delay_ms=0',
  '-Dcassandra-foreground=yes',
];

const LOGGING = `<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder><pattern>%p %m%n</pattern></encoder></appender>
  <root level="INFO"><appender-ref ref="out"/></root>
</configuration>
`;

const settings = (folder: string, port: number, storagePort: number): string => `cluster_name: test
num_tokens: 1
initial_token: "0"
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
data_file_directories: ["${join(folder, 'data')}"]
commitlog_directory: "${join(folder, 'commitlog')}"
saved_caches_directory: "${join(folder, 'caches')}"
hints_directory: "${join(folder, 'hints')}"
cdc_raw_directory: "${join(folder, 'cdc')}"
commitlog_sync: periodic
commitlog_sync_period: 10s
commitlog_segment_size: 4MiB
memtable_allocation_type: heap_buffers
memtable_heap_space: 32MiB
auto_snapshot: false
endpoint_snitch: SimpleSnitch
listen_address: 127.0.0.1
storage_port: ${storagePort}
rpc_address: 127.0.0.1
start_native_transport: true
native_transport_port: ${port}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters: [{ seeds: "127.0.0.1:${storagePort}" }]
`;

async function prepare({ folder, port }: Place, java: string): Promise<Program> {
  const [config, logging] = [join(folder, 'cassandra.yaml'), join(folder, 'logback.xml')];
  writeFileSync(config, settings(folder, port, await findFreePort()));
  writeFileSync(logging, LOGGING);
  const args = [
    ...FLAGS,
    ...EXPORTED.map((name) => `--add-exports=${name}=ALL-UNNAMED`),
    ...OPENED.map((name) => `--add-opens=${name}=ALL-UNNAMED`),
    `-javaagent:${join(JARS, 'jamm-0.4.0.jar')}`,
    `-Dlogback.configurationFile=${logging}`,
    `-Dcassandra.config=file://${config}`,
    `-Dcassandra.storagedir=${folder}`,
    '-cp',
    join(JARS, '*'),
    'org.apache.cassandra.service.CassandraDaemon',
  ];
  return { command: java, args, ready: /Starting listening for CQL clients/, stopSignal: 'SIGKILL' };
}

/** Like `serverOrSkip`: started for the test `t`, undefined and a skip when not installed, an error then in CI. */
export async function cassandraOrSkip(t: Test): Promise<RunningServer | undefined> {
  if (!(await installedOrSkip(t, 'cassandra'))) return undefined;
  const java = findProgram('java');
  if (java === undefined) throw new Error('no java');
  const { port, stop } = await startServer('cassandra', (place) => {
    // The jars may be in a folder that only root can read.
    place.account = undefined;
    return prepare(place, java);
  });
  t.teardown(stop);
  return { host: '127.0.0.1', port, url: `cql://127.0.0.1:${port}`, stop };
}
