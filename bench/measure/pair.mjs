/**
 * One measured process with what belongs to it: a sink of its own for the spans and, when the scenario needs load or
 * stubs, a peer. And the checks that make a figure worth something: every answer was right, the process ended by itself,
 * the spans at the sink fit the requests.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import { BENCH, launch } from '../agents.mjs';
import { startSink } from '../sinks/sink.mjs';
import { application } from './applications.mjs';
import { checkSpans } from './check.mjs';
import { startChild } from './child.mjs';

const PEER = join(BENCH, 'peer/main.mjs');
const MAIN = { cjs: 'main.cjs', esm: 'main.mjs' };

async function startPeer() {
  const child = await startChild(process.execPath, [PEER], { PATH: process.env.PATH });
  return {
    child,
    async command(name, options) {
      const { result, error } = await child.ask({ command: name, ...options });
      if (error !== undefined) throw new Error(error);
      return result;
    },
  };
}

/** One request over a connection of its own: its body, and the milliseconds from connecting to the whole answer. */
function get(port, path) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('utf8');
    socket.on('error', reject);
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('end', () => {
      const answeredAt = performance.now();
      const body = text.slice(text.indexOf('\r\n\r\n') + 4);
      if (!text.startsWith('HTTP/1.1 200')) reject(new Error(`wrong answer: ${JSON.stringify(text.slice(0, 300))}`));
      else resolve({ body, millis: answeredAt - start, answeredAt });
    });
    socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`);
  });
}

/**
 * @typedef Tools
 * @property {(question: string, options?: object) => Promise<object>} app asks the measured process
 * @property {() => Promise<void>} connect opens the peer's connections to it
 * @property {(command: string, options?: object) => Promise<object>} peer
 * @property {(path?: string) => Promise<{body, millis, answeredAt}>} get one request, without the peer
 * @property {number} spawnedAt moment at which the process was started, as performance.now()
 */

/**
 * @param cell {scenario, mode, system, agent, node, nodeArguments}: what to run
 * @param {string[]} modes of the agent's launch
 * @param {(tools: Tools) => Promise<object>} measure gives the metrics
 * @returns the metrics, and `delivered`: the share of expected SERVER spans that arrived
 */
export async function runPair(cell, modes, measure) {
  const { scenario, mode, system, agent, node, nodeArguments = [] } = cell;
  const sink = await startSink();
  const children = [];
  let requests = 0;
  let peer;
  const needPeer = async () => {
    if (peer !== undefined) return;
    peer = await startPeer();
    children.push(peer.child);
  };
  try {
    let ports = {};
    if (scenario.stubs.length > 0) {
      await needPeer();
      ports = await peer.command('stubs', { names: scenario.stubs });
    }
    const { args, env } = launch(agent, { system, modes, sinkUrl: sink.url });
    const spawnedAt = performance.now();
    const app = await startChild(
      node,
      [...nodeArguments, ...args, application(MAIN[system]), scenario.app, JSON.stringify(ports)],
      env,
    );
    children.push(app);
    const { port } = app.hello;
    const path = scenario.paths[mode] ?? scenario.paths.always;
    const metrics = await measure({
      spawnedAt,
      app: (question, options) => app.ask({ question, ...options }),
      async connect() {
        await needPeer();
        await peer.command('connect', { port, path, protocol: scenario.protocol });
      },
      peer: (name, options) => peer.command(name, options),
      get(wanted = path) {
        requests++;
        return get(port, wanted);
      },
    });
    if (peer !== undefined) requests += (await peer.command('disconnect')).answered;
    const ended = await app.end({ question: 'end' });
    if (agent.isExact && (ended.isKilled || ended.code !== 0)) {
      throw new Error(ended.isKilled ? 'the process did not end' : `exit code ${ended.code}`);
    }
    return { ...metrics, delivered: checkSpans({ cell, requests, counts: await sink.counts() }) };
  } finally {
    for (const child of children) child.kill();
    await sink.close();
  }
}
