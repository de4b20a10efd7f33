'use strict';
/**
 * Writes, into the file that it is told, the code that the V8 of the Node.js that runs it has made of the agent's files by
 * the time that an application has loaded the libraries that have instrumentations of ours, and has made a call. Run by
 * scripts/compile-all.mjs. Nothing leaves the machine.
 */
const { writeFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { CompiledFolder, compiledKey } = require('../build/src/compiled.js');

const DIST = join(__dirname, '../dist');
/** Others are small, rare, or load when nobody waits. */
const COMPILED = /^(?:agent|loaders|official|tracing)\.js$|^instrumentations\/own-|^sql\//;
const LIBRARIES = [
  'express',
  'koa',
  'fastify',
  '@grpc/grpc-js',
  'pg',
  'mysql2',
  'redis',
  'ioredis',
  'mongodb',
  'undici',
  // Of those that have an official instrumentation.
  'pino',
];

const scripts = new Map();
const any = Buffer.alloc(0);
const isCompiled = (name) => COMPILED.test(name);

/** The first request compiles what every request runs. */
function request(http, done) {
  const server = http.createServer((_request, response) => response.end('hello'));
  server.listen(0, '127.0.0.1', () => {
    const url = `http://127.0.0.1:${server.address().port}/`;
    http.get(url, { agent: false }, (response) => {
      const end = () => server.close(done);
      response.resume().on('end', () => fetch(url, { headers: { connection: 'close' } }).then(end, end));
    });
  });
}

/** One build's part, for scripts/compile-all.mjs: a line of JSON, then the code. */
function write() {
  const files = {};
  const codes = [];
  let offset = 0;
  for (const [name, script] of scripts) {
    const code = script.createCachedData();
    files[name] = [offset, code.length];
    codes.push(code);
    offset += code.length;
  }
  writeFileSync(
    process.argv[2],
    Buffer.concat([Buffer.from(`${JSON.stringify({ key: compiledKey(), files })}\n`), ...codes]),
  );
}

// Empty code is refused by V8, which then compiles: what is compiled now is what counts.
const codes = { has: isCompiled, read: (name) => (isCompiled(name) ? any : undefined) };
const folder = new CompiledFolder(DIST, codes, createRequire(join(DIST, 'agent.js')), (name, script) =>
  scripts.set(name, script),
);
folder.load('agent.js').start();
const http = require('node:http');
for (const library of LIBRARIES) {
  try {
    require(library);
  } catch {
    // Not every one runs on every Node.js.
  }
}
request(http, () => {
  write();
  process.exit();
});
