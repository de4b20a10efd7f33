/**
 * The table against the official packages: complete, every module that a package patches triggers its thunk, and the
 * adapter hands over exactly the patches that the package defines.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { findInstrumentation } from '../../src/config/instrumentation-names.js';
import { createLog } from '../../src/diag/log.js';
import { selectInstrumentations } from '../../src/instrumentation/selection.js';
import { TABLE } from '../../src/instrumentation/table.js';
import type { InstrumentationContext } from '../../src/instrumentation/types.js';
import { ROOT } from '../helpers/paths.js';

const context: InstrumentationContext = {
  tracerProvider: trace.getTracerProvider(),
  config: loadConfig({}).config,
  log: createLog('none'),
};

/** Packages that make metrics only; metrics come later. */
const METRICS_ONLY = ['host-metrics', 'runtime-node'];

function officialNames(): string[] {
  const file = join(ROOT, 'node_modules/@opentelemetry/auto-instrumentations-node/package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { dependencies: Record<string, string> };
  const prefix = '@opentelemetry/instrumentation-';
  return Object.keys(manifest.dependencies)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

t.test('every instrumentation of auto-instrumentations-node is in the table', async (t) => {
  const names = new Set(TABLE.map((entry) => entry.name));
  t.equal(names.size, TABLE.length, 'no name twice');
  const official = officialNames();
  t.ok(official.length > 30);
  for (const name of official) if (!METRICS_ONLY.includes(name)) t.ok(names.has(name), name);
});

t.test('every one can be named in a setting', async (t) => {
  for (const { name } of TABLE) t.equal(findInstrumentation(name), name);
});

for (const entry of TABLE) {
  t.test(`${entry.name}: what it patches is what triggers it`, async (t) => {
    if (entry.patchesApplicationFiles === true) {
      t.strictSame(entry.modules, []);
      return;
    }
    const { targets } = entry.load(context);
    t.strictSame([...new Set(targets.map((target) => target.module))].sort(), [...entry.modules].sort());
    for (const target of targets) {
      t.type(target.patch, 'function');
      t.notMatch(target.file, /^[./]/, `${target.module}: a path inside the package`);
      if (entry.isBuiltin !== true) t.ok(target.versions.length > 0, `${target.module} declares versions`);
    }
  });
}

t.test('OTEL_NODE_OFFICIAL_INSTRUMENTATIONS puts the official instrumentation in the place of ours', async (t) => {
  const http = TABLE.find((entry) => entry.name === 'http');
  const official = { ...context, config: loadConfig({ OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: 'http' }).config };
  const patched = (chosen: InstrumentationContext) =>
    http?.load(chosen).targets.map((target) => target.patch.toString());
  t.ok(patched(context)?.length);
  t.notSame(patched(official), patched(context));
});

t.test('the three variables select, the later rule wins', async (t) => {
  const select = (env: Record<string, string>) =>
    new Set(selectInstrumentations(TABLE, loadConfig(env).config).map((entry) => entry.name));
  const byDefault = select({});
  t.ok(byDefault.has('http') && byDefault.has('pg'));
  for (const name of ['fs', 'net', 'dns']) t.notOk(byDefault.has(name), `${name} is off by default`);
  t.ok(select({ OTEL_INSTRUMENTATION_FS_ENABLED: 'true' }).has('fs'));
  t.notOk(byDefault.has('dataloader'), 'what only makes spans of middleware touches nothing');
  t.ok(select({ OTEL_NODE_MIDDLEWARE_SPANS: 'true' }).has('dataloader'));
  t.notOk(select({ OTEL_INSTRUMENTATION_PG_ENABLED: 'false' }).has('pg'));
  t.strictSame([...select({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,pg' })].sort(), ['http', 'pg']);
  t.strictSame(
    [...select({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,pg', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg' })],
    ['http'],
  );
  t.strictSame(
    [...select({ OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED: 'false', OTEL_INSTRUMENTATION_REDIS_ENABLED: 'true' })],
    ['redis'],
  );
  t.ok(
    select({
      OTEL_INSTRUMENTATION_SOCKET_IO_ENABLED: 'true',
      OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED: 'false',
    }).has('socket.io'),
  );
  const disabled = select({ OTEL_SDK_DISABLED: 'true' });
  t.ok(disabled.has('http') && disabled.has('grpc'), 'what carries context stays');
  t.notOk(disabled.has('pg') || disabled.has('express') || disabled.has('redis'));
  const carrying = select({ OTEL_SDK_DISABLED: 'true', OTEL_NODE_REDIS_STREAM_CONTEXT: 'true' });
  t.ok(carrying.has('redis') && carrying.has('ioredis'), 'entries of streams carry it where they are to');
});
