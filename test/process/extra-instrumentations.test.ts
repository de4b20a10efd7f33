/** Instrumentation packages of others: loaded from the application's folder, fed by our hook, problems said clearly. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { breaking, faultLines } from '../helpers/containment.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

/** As somebody would write one: patches a package and a built-in, and does something of its own in `enable`. */
const INSTRUMENTATION = `
  const { InstrumentationBase, InstrumentationNodeModuleDefinition } = require('@opentelemetry/instrumentation');
  const { context, trace } = require('@opentelemetry/api');
  class ThingInstrumentation extends InstrumentationBase {
    constructor(config = {}) {
      super('thing-instrumentation', '1.0.0', config);
    }
    init() {
      return [
        new InstrumentationNodeModuleDefinition('thing', ['>=1'], (exports) => {
          this._wrap(exports, 'work', (original) => (...parameters) => {
            const span = this.tracer.startSpan('thing.work');
            try {
              return context.with(trace.setSpan(context.active(), span), () => original(...parameters));
            } finally {
              span.end();
            }
          });
          return exports;
        }),
        new InstrumentationNodeModuleDefinition('querystring', ['*'], (exports) => {
          this._wrap(exports, 'escape', (original) => (...parameters) => {
            this.tracer.startSpan('querystring.escape').end();
            return original(...parameters);
          });
          return exports;
        }),
      ];
    }
    enable() {
      super.enable();
      globalThis.thingEnabled = (globalThis.thingEnabled ?? 0) + 1;
    }
  }
  module.exports = { InstrumentationBase, ThingInstrumentation };`;

const APP = `
  const { escape } = require('node:querystring');
  console.log(require('thing').work(escape('b')), globalThis.thingEnabled, require('thing').work.name);`;

function createFolder(t: Test): string {
  const thing = { name: 'thing', version: '1.2.3', main: 'index.js' };
  return t.testdir({
    'app.cjs': APP,
    'app.mjs': `import thing from 'thing'; import { escape } from 'node:querystring';
      console.log(thing.work(escape('b')), globalThis.thingEnabled, thing.work.name);`,
    node_modules: {
      thing: {
        'package.json': JSON.stringify(thing),
        'index.js': 'exports.work = function work(x) { return x + "!"; };',
      },
      'thing-instrumentation': { 'package.json': '{"main":"index.js"}', 'index.js': INSTRUMENTATION },
      'late-instrumentation': { 'index.js': INSTRUMENTATION.replace('span.end()', 'setImmediate(() => span.end())') },
      nothing: { 'index.js': 'module.exports = { answer: 42 };' },
      broken: { 'index.js': 'require("not-there-either");' },
      throwing: {
        'index.js':
          'exports.A = class { constructor() { throw new Error("no luck"); } init() {} enable() {} setTracerProvider() {} };',
      },
    },
  });
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}`, async (t) => {
    const folder = createFolder(t);
    for (const file of ['app.cjs', 'app.mjs']) {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const app = runApp({
        node,
        file: join(folder, file),
        env: {
          OTEL_SERVICE_NAME: 'app',
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
          OTEL_NODE_EXTRA_INSTRUMENTATIONS: 'thing-instrumentation',
          OTEL_LOG_LEVEL: 'warn',
        },
      });
      t.equal((await app.exited).code, 0);
      t.equal(app.stderr(), '', file);
      t.equal(app.stdout(), 'b! 1 work\n', file);
      t.strictSame(
        sketch(collector.spans()).split('\n\n').sort(),
        ['app INTERNAL querystring.escape', 'app INTERNAL thing.work'],
        file,
      );
    }
  });
}

t.test('what cannot be used is one line each, and the rest is', async (t) => {
  const folder = createFolder(t);
  const app = runApp({
    file: join(folder, 'app.cjs'),
    env: {
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_NODE_EXTRA_INSTRUMENTATIONS: 'missing,nothing,broken,throwing,thing-instrumentation',
      OTEL_LOG_LEVEL: 'warn',
      OTEL_SERVICE_NAME: 'app',
    },
  });
  t.equal((await app.exited).code, 0);
  t.equal(app.stdout(), 'b! 1 work\n');
  const lines = app.stderr().trimEnd().split('\n');
  t.equal(lines.length, 4, app.stderr());
  const prefix = 'trace-agent warn TA2014: OTEL_NODE_EXTRA_INSTRUMENTATIONS:';
  t.match(lines[0], `${prefix} missing: it is not installed (looked for from ${folder}); nothing is traced by it`);
  t.match(lines[1], `${prefix} nothing: it exports no class that extends InstrumentationBase`);
  t.match(lines[2], `${prefix} broken: it failed to load: Error: Cannot find module 'not-there-either'`);
  t.match(lines[3], `${prefix} throwing: Error: no luck`);
});

t.test('a span of theirs that throws, outside of what they wrap, ends no process', async (t) => {
  const app = runApp({
    file: join(createFolder(t), 'app.cjs'),
    preload: 'NODE_OPTIONS',
    env: {
      ...breaking(['end']),
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_NODE_EXTRA_INSTRUMENTATIONS: 'late-instrumentation',
      OTEL_LOG_LEVEL: 'warn',
      OTEL_SERVICE_NAME: 'app',
    },
  });
  t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
  t.equal(app.stdout(), 'b! 1 work\n');
  t.equal(faultLines(app.stderr().split('\n'), 'late-instrumentation').failed.length, 1, app.stderr());
});
