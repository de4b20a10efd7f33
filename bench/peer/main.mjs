/**
 * The other process of a measurement: generates the load and stands for everything the application calls (database,
 * cache, other services), so that the measured process contains the application and the agent alone. Talks to the
 * bench over IPC: one command, one answer.
 */
import { connectGrpc } from './grpc-lanes.mjs';
import { connectHttp } from './http-lanes.mjs';
import { closedLoop, paced } from './load.mjs';
import { startStub } from './stubs/index.mjs';

/** Connections that saturate the application; the others wait for moments of a paced load when more are under way. */
const SATURATING_LANES = 16;
const ALL_LANES = 64;

let lanes = [];
let answered = 0;

const commands = {
  async stubs({ names }) {
    const entries = await Promise.all(names.map(async (name) => [name, await startStub(name)]));
    return Object.fromEntries(entries);
  },
  async connect({ port, path, protocol }) {
    const connect = protocol === 'grpc' ? connectGrpc : connectHttp;
    lanes = await connect({ port, path, count: ALL_LANES });
    return {};
  },
  async saturate(options) {
    const result = await closedLoop(lanes.slice(0, SATURATING_LANES), options);
    answered += result.requests;
    return result;
  },
  async pace(options) {
    const result = await paced(lanes, options);
    answered += result.requests;
    return result;
  },
  /** Closes the connections to the application; every request has been answered by then. */
  async disconnect() {
    await Promise.all(lanes.map((lane) => lane.close()));
    return { answered };
  },
};

process.on('message', async ({ command, ...options }) => {
  try {
    process.send({ result: await commands[command](options) });
  } catch (error) {
    process.send({ error: error.message });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ result: 'ready' });
