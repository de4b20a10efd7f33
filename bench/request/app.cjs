'use strict';
// The measured process. Arguments: scenario, variant (bare, context, official, own), sampling (always, 1%, never).
// Answers { cpuMicros, userMicros, spans } over IPC when asked.
const [scenario, variant, sampling] = process.argv.slice(2);
const { join } = require('node:path');
const { syncBuiltinESMExports } = require('node:module');

let ended = 0;

function startSdk() {
  const api = require('@opentelemetry/api');
  const core = require('@opentelemetry/core');
  const { AsyncLocalStorageContextManager } = require('@opentelemetry/context-async-hooks');
  const sdk = require('@opentelemetry/sdk-trace-base');
  const samplers = {
    always: () => new sdk.AlwaysOnSampler(),
    '1%': () => new sdk.TraceIdRatioBasedSampler(0.01),
    never: () => new sdk.AlwaysOffSampler(),
  };
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(
    new core.CompositePropagator({
      propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator()],
    }),
  );
  const counting = {
    onStart() {},
    onEnd() {
      ended++;
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const provider = new sdk.BasicTracerProvider({
    sampler: new sdk.ParentBasedSampler({ root: samplers[sampling]() }),
    spanProcessors: [counting],
  });
  api.trace.setGlobalTracerProvider(provider);
  return provider;
}

function patchOwn(provider, http) {
  const config = {
    http: {
      clientRequestHeaders: [],
      clientResponseHeaders: [],
      serverRequestHeaders: [],
      serverResponseHeaders: [],
      sensitiveQueryParameters: [],
      excludedIncomingUrls: ['/healthz', '/ready*'],
    },
    sampling: { rules: [], keepsErrors: false },
    untrustedInbound: [],
    sampler: { followsUnsampled: true },
  };
  const log = { warn: console.error, error: console.error };
  const own = (folder) => require(join(__dirname, `../../build/src/instrumentation/${folder}/patch.js`));
  const frameworks = ['express', 'koa'].includes(scenario) ? [own('web').frameworks[scenario]] : [];
  for (const { create } of [own('http'), own('undici'), own('fastify'), ...frameworks]) {
    for (const target of create({ tracerProvider: provider, config, log }).targets) {
      if (target.module === 'http') target.patch(http);
      else if (FRAMEWORKS[scenario]?.includes(target.module) && exists(fileOf(target)))
        target.patch(require(fileOf(target)));
    }
  }
}

/** Packages whose patches a scenario needs. */
const FRAMEWORKS = { fastify: ['fastify'], express: ['express', 'router'], koa: ['koa'] };

/** Not every target is in the release that is measured. */
const exists = (file) => {
  try {
    return require.resolve(file) !== '';
  } catch {
    return false;
  }
};
const fileOf = ({ module, file }) => (file === undefined ? module : join(module, file));

/** As upstream's register sets them up: with spans for middleware. */
function patchOfficialFrameworks(provider) {
  for (const name of FRAMEWORKS[scenario] ?? []) {
    const [Official] = Object.values(require(`@opentelemetry/instrumentation-${name}`));
    const official = new Official({ enabled: false });
    official.setTracerProvider(provider);
    for (const { name: module, patch, files } of official.getModuleDefinitions()) {
      patch?.(require(module), require(`${module}/package.json`).version);
      for (const file of files) file.patch(require(file.name), require(`${module}/package.json`).version);
    }
  }
}

function patchOfficial(provider, http) {
  const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
  const official = new HttpInstrumentation({
    enabled: false,
    ignoreIncomingRequestHook: (request) => request.url === '/healthz',
  });
  official.setTracerProvider(provider);
  for (const definition of official.getModuleDefinitions()) if (definition.name === 'http') definition.patch(http);
  if (scenario !== 'fastify') patchOfficialFrameworks(provider);
  if (scenario === 'fetch') {
    const { UndiciInstrumentation } = require('@opentelemetry/instrumentation-undici');
    new UndiciInstrumentation().setTracerProvider(provider);
  }
}

const http = require('node:http');
if (variant !== 'bare') {
  const provider = startSdk();
  if (variant === 'own') patchOwn(provider, http);
  if (variant === 'official') patchOfficial(provider, http);
  if (variant === 'context')
    require('@opentelemetry/api').context.with(require('@opentelemetry/api').ROOT_CONTEXT, () => {});
  syncBuiltinESMExports();
}

/** A second server in a process of its own would measure the kernel: the call goes to this process's plain one. */
function createTarget() {
  const net = require('node:net');
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  return net.createServer((socket) => socket.on('data', () => socket.write(answer)).on('error', () => {}));
}

const pass = (_request, _response, next) => next();

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });

const scenarios = {
  server: async () => http.createServer((_request, response) => response.end('hello')),
  /** The same server; the load carries a sampled traceparent. */
  child: async () => http.createServer((_request, response) => response.end('hello')),
  /** The same server; the load asks for a path that is not to be traced. */
  excluded: async () => http.createServer((_request, response) => response.end('hello')),
  client: async (port) =>
    http.createServer((_request, response) => {
      http.get({ host: '127.0.0.1', port, path: '/items?a=1', agent }, (answer) => {
        answer.on('data', () => {}).on('end', () => response.end('hello'));
      });
    }),
  fetch: async (port) =>
    http.createServer(async (_request, response) => {
      const answer = await fetch(`http://127.0.0.1:${port}/items?a=1`);
      await answer.text();
      response.end('hello');
    }),
  fastify: async () => {
    const app = require('fastify')();
    app.get('/users/:id', (_request, reply) => void reply.send('hello'));
    await app.ready();
    return app.server;
  },
  express: async () => {
    const express = require('express');
    const app = express();
    for (let count = 0; count < 3; count++) app.use((request, response, next) => pass(request, response, next));
    app.get('/users/:id', (_request, response) => response.end('hello'));
    return http.createServer(app);
  },
  koa: async () => {
    const Koa = require('koa');
    const Router = require('@koa/router');
    const router = new Router();
    router.get('/users/:id', (ctx) => {
      ctx.body = 'hello';
    });
    const app = new Koa();
    for (let count = 0; count < 3; count++) app.use((_ctx, next) => next());
    app.use(router.routes());
    return http.createServer(app.callback());
  },
};

async function main() {
  const target = createTarget();
  await new Promise((resolve) => target.listen(0, '127.0.0.1', resolve));
  const server = await scenarios[scenario](target.address().port);
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send({ cpuMicros: user + system, userMicros: user, spans: ended });
  });
  process.send({ port: server.address().port });
}

process.on('SIGINT', () => process.exit(0));
main();
