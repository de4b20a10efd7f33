/** The scenarios of requests: application, what it calls, and the spans that one request makes. */
import { EXCLUDED_PATH } from './agents.mjs';

const ALL_MODES = ['always', '1%', 'excluded'];
const WITHOUT_URL = ['always', '1%'];
/** Some 10,000 requests, where others make that in six windows. */
const SLOW = { warmWindows: 20 };
/** What V8 makes of the same code differs by process: gRPC under this agent cost 147 to 168 us a call in six of them. */
const OFTEN = { repeats: 3 };
const paths = (always) => ({ always, excluded: EXCLUDED_PATH });

/**
 * @typedef Scenario
 * @property {string} name Key in results.
 * @property {string} app Name of the application's file.
 * @property {string} title
 * @property {string[]} stubs What the peer stands for.
 * @property {Record<string, string>} paths Mode -> path asked for.
 * @property {number} clientSpans CLIENT spans per request, one for each outgoing call.
 * @property {'http'|'grpc'} protocol Of the load.
 * @property {string[]} modes It can run in.
 * @property {number} [repeats] Processes of each agent in a round, default 1.
 * @property {number} [warmWindows] Where the usual number is too few requests for the optimising compiler.
 */

/** @returns {Scenario} */
const scenario = (name, title, options) => ({
  name,
  app: name,
  title,
  stubs: [],
  paths: paths('/hello?a=1'),
  clientSpans: 0,
  protocol: 'http',
  modes: ALL_MODES,
  ...options,
});

export const SCENARIOS = [
  scenario('http-server', 'raw http server', OFTEN),
  scenario('http-client', 'http server + http client', { stubs: ['http'], clientSpans: 1 }),
  scenario('fetch', 'http server + `fetch`', { stubs: ['http'], clientSpans: 1, ...SLOW }),
  scenario('express', 'express, 3 middlewares, `/users/:id`', { paths: paths('/users/42') }),
  scenario('fastify', 'fastify, `/users/:id`', { paths: paths('/users/42') }),
  scenario('koa', 'koa, 2 middlewares', {}),
  scenario('grpc', 'gRPC unary server + client', {
    ...SLOW,
    ...OFTEN,
    stubs: ['grpc'],
    clientSpans: 1,
    protocol: 'grpc',
    modes: WITHOUT_URL,
  }),
  scenario('express-pg', 'express + pg', {
    ...SLOW,
    stubs: ['postgres'],
    paths: paths('/users/42'),
    clientSpans: 1,
  }),
  scenario('express-pg-http', 'express + pg + http client', {
    ...SLOW,
    stubs: ['postgres', 'http'],
    paths: paths('/users/42'),
    clientSpans: 2,
  }),
  scenario('ioredis', 'http server + ioredis `get`', { stubs: ['redis'], clientSpans: 1 }),
  scenario('mysql2', 'http server + mysql2 `query`', { stubs: ['mysql'], clientSpans: 1 }),
];

/** What request 1 is measured on. */
export const FIRST_REQUEST_SCENARIOS = [
  scenario('first-http', 'raw http server', { app: 'http-server' }),
  scenario('first-big', 'express, with pg, ioredis and grpc-js loaded', { app: 'big', paths: paths('/users/42') }),
];

/** What standing costs are measured on. */
export const LOADED_SCENARIO = scenario('loaded', 'raw http server, 2,000 requests/s', { app: 'http-server' });
export const IDLE_SCENARIO = scenario('idle', 'raw http server, idle', { app: 'http-server' });
export const MICRO_SCENARIO = scenario('micro', 'single operations, within a request', { app: 'micro' });
export const REQUIRE_SCENARIO = scenario('require', 'cached `require`', { app: 'micro' });
