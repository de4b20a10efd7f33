/** A Redis cluster of three nodes without replicas, each with a third of the slots. */
import Redis from 'ioredis';
import type { Test } from 'tap';
import { findFreePort } from './ports.js';
import { findProgram, startServer } from './server-process.js';

const SLOTS = 16_384;
const NODES = 3;
const DEADLINE_MILLIS = 20_000;

async function startNode(command: string): Promise<{ port: number; busPort: number; stop(): Promise<void> }> {
  let busPort = 0;
  const { port, stop } = await startServer('redis-cluster', async ({ folder, port }) => {
    busPort = await findFreePort();
    return {
      command,
      args: ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder, '--save', '', '--appendonly', 'no'].concat([
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        `${busPort}`,
        '--cluster-config-file',
        'nodes.conf',
      ]),
      ready: /Ready to accept connections/,
    };
  });
  return { port, busPort, stop };
}

async function untilComplete(nodes: readonly Redis[]): Promise<void> {
  const deadline = Date.now() + DEADLINE_MILLIS;
  const isComplete = async (node: Redis): Promise<boolean> => {
    const info = await node.cluster('INFO');
    const slots = await node.cluster('SLOTS');
    return info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`) && slots.length >= NODES;
  };
  while (!(await Promise.all(nodes.map(isComplete))).every(Boolean)) {
    if (Date.now() > deadline) throw new Error('the cluster did not come together');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ports of the nodes; undefined and a skip when Redis is not installed, an error then in CI. */
export async function redisClusterOrSkip(t: Test): Promise<readonly number[] | undefined> {
  const command = findProgram('redis-server');
  if (command === undefined) {
    if (process.env.CI) throw new Error('redis-server is not installed');
    t.pass('no redis on this machine', { skip: 'redis-server is not installed (Debian: redis-server)' });
    return undefined;
  }
  const started = await Promise.all(Array.from({ length: NODES }, () => startNode(command)));
  t.teardown(() => Promise.all(started.map(({ stop }) => stop())));
  const nodes = started.map(({ port }) => new Redis(port, '127.0.0.1'));
  t.teardown(() => nodes.forEach((node) => void node.disconnect()));
  const share = Math.ceil(SLOTS / NODES);
  for (const [index, node] of nodes.entries()) {
    const last = Math.min((index + 1) * share, SLOTS) - 1;
    await node.cluster('ADDSLOTSRANGE', index * share, last);
    await node.cluster('SET-CONFIG-EPOCH', index + 1);
  }
  for (const { port, busPort } of started.slice(1)) await nodes[0]?.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
  await untilComplete(nodes);
  return started.map(({ port }) => port);
}
