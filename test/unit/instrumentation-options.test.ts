/** OTEL_INSTRUMENTATION_<NAME>_<OPTION>: the data against the packages' types, what is read, refused and passed on. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trace } from '@opentelemetry/api';
import t from 'tap';
import ts from 'typescript';
import { loadConfig } from '../../src/config/config.js';
import { describeConfig } from '../../src/config/effective.js';
import { INSTRUMENTATION_NAMES } from '../../src/config/instrumentation-names.js';
import {
  FRAMEWORKS,
  findOption,
  INSTRUMENTATION_OPTIONS,
  OWN_INSTRUMENTATIONS,
  WITHOUT_OFFICIAL,
} from '../../src/config/instrumentation-options.js';
import { createLog } from '../../src/diag/log.js';
import { TABLE } from '../../src/instrumentation/table.js';
import { ROOT } from '../helpers/paths.js';

/** Only together: an object with one of them writes fields named `undefined`. */
const LEFT_OUT = ['pino logKeys.traceId', 'pino logKeys.spanId', 'pino logKeys.traceFlags'];
/** No official instrumentation of these runs here, whatever is set. */
const WITHOUT_OPTIONS = ['host-metrics', 'runtime-node'];

function typeOf(node: ts.TypeNode): string | undefined {
  if (node.kind === ts.SyntaxKind.BooleanKeyword) return 'boolean';
  if (node.kind === ts.SyntaxKind.NumberKeyword || node.getText() === 'SeverityNumber') return 'integer';
  if (node.kind === ts.SyntaxKind.StringKeyword) return 'string';
  return /\[\]$/.test(node.getText()) ? 'list' : undefined;
}

function optionsIn(members: ts.NodeArray<ts.TypeElement>, prefix = ''): [option: string, type: string][] {
  return members.filter(ts.isPropertySignature).flatMap(({ name, type }): [string, string][] => {
    if (type === undefined) return [];
    const option = `${prefix}${name.getText()}`;
    if (ts.isTypeLiteralNode(type)) return optionsIn(type.members, `${option}.`);
    const found = typeOf(type);
    return found === undefined ? [] : [[option, found]];
  });
}

const folderOf = (name: string): string => join(ROOT, `node_modules/@opentelemetry/instrumentation-${name}/build/src`);

/** Of the interfaces that extend the base package's configuration, in the types of one package. */
function publishedOptions(name: string): Map<string, string> {
  const folder = folderOf(name);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('types.d.ts'),
  );
  const options = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(join(folder, file), 'utf8');
    ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true).forEachChild((node) => {
      if (!ts.isInterfaceDeclaration(node) || !/InstrumentationConfig/.test(node.heritageClauses?.[0]?.getText() ?? ''))
        return;
      for (const [option, type] of optionsIn(node.members)) options.set(option, type);
    });
  }
  return options;
}

t.test('every scalar or list option of every official instrumentation is there, with its type', async (t) => {
  let count = 0;
  for (const name of INSTRUMENTATION_NAMES) {
    if (WITHOUT_OPTIONS.includes(name) || !existsSync(folderOf(name))) continue;
    const published = [...publishedOptions(name)].filter(([option]) => !LEFT_OUT.includes(`${name} ${option}`));
    count += published.length;
    const ours = INSTRUMENTATION_OPTIONS.filter(({ instrumentation }) => instrumentation === name);
    t.strictSame(ours.map(({ option, type }) => [option, type]).sort(), published.sort(), name);
  }
  t.ok(count > 60, `${count} options`);
  t.equal(new Set(INSTRUMENTATION_OPTIONS.map(({ variable }) => variable)).size, INSTRUMENTATION_OPTIONS.length);
});

t.test('which instrumentations are ours is what the loaders say', async (t) => {
  const source = readFileSync(join(ROOT, 'src/instrumentation/loaders.ts'), 'utf8');
  const loaders = source.slice(source.indexOf('const LOADERS')).split(/^ {2}(?='?[\w.-]+'?: )/m);
  const namesOf = (how: RegExp) => loaders.map((text) => how.exec(text)?.[1]).filter((name) => name !== undefined);
  const own = namesOf(/^'?([\w.-]+)'?: own\([\s\S]*official\(/);
  // Ours is made by the table itself.
  t.strictSame([...own, 'undici'].sort(), [...OWN_INSTRUMENTATIONS].sort());
  t.strictSame(namesOf(/^'?([\w.-]+)'?: own\((?![\s\S]*official\()/).sort(), [...WITHOUT_OFFICIAL].sort());
  const frameworks = namesOf(/^'?([\w.-]+)'?: framework\(/);
  t.strictSame(frameworks.sort(), [...FRAMEWORKS].sort());
});

function load(env: Record<string, string>) {
  const loaded = loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...env });
  const messages = loaded.problems.map(({ code, message }) => `${code} ${message}`);
  return { loaded, options: loaded.config.instrumentations.options, messages };
}

t.test('values by type', async (t) => {
  const { options, messages } = load({
    OTEL_INSTRUMENTATION_KNEX_REQUIRE_PARENT_SPAN: 'TRUE',
    OTEL_INSTRUMENTATION_KNEX_MAX_QUERY_LENGTH: '100',
    OTEL_INSTRUMENTATION_GRAPHQL_DEPTH: '-1',
    OTEL_INSTRUMENTATION_AWS_SDK_SQS_EXTRACT_CONTEXT_PROPAGATION_FROM_PAYLOAD: 'true',
    OTEL_INSTRUMENTATION_SOCKET_IO_EMIT_IGNORE_EVENT_LIST: 'ping, pong',
    OTEL_INSTRUMENTATION_AWS_LAMBDA_LAMBDA_HANDLER: 'app.handler',
    OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: 'http,koa',
    OTEL_INSTRUMENTATION_HTTP_HEADERS_TO_SPAN_ATTRIBUTES_CLIENT_REQUEST_HEADERS: 'x-a',
    OTEL_INSTRUMENTATION_HTTP_HEADERS_TO_SPAN_ATTRIBUTES_SERVER_REQUEST_HEADERS: 'x-b',
    OTEL_INSTRUMENTATION_KOA_IGNORE_LAYERS_TYPE: 'Middleware',
  });
  t.strictSame(messages, []);
  t.strictSame(options, {
    knex: { requireParentSpan: true, maxQueryLength: 100 },
    graphql: { depth: -1 },
    'aws-sdk': { sqsExtractContextPropagationFromPayload: true },
    'socket.io': { emitIgnoreEventList: ['ping', 'pong'] },
    'aws-lambda': { lambdaHandler: 'app.handler' },
    http: { headersToSpanAttributes: { client: { requestHeaders: ['x-a'] }, server: { requestHeaders: ['x-b'] } } },
    koa: { ignoreLayersType: ['middleware'] },
  });
});

t.test('mistakes', async (t) => {
  const cases: [name: string, value: string, message: RegExp][] = [
    [
      'OTEL_INSTRUMENTATION_KNEX_REQUIRE_PARENT_SPAN',
      '1',
      /^TA1101 .*="1" is neither true nor false; using the default of knex$/,
    ],
    ['OTEL_INSTRUMENTATION_KNEX_MAX_QUERY_LENGTH', 'long', /^TA1101 .*is not a whole number/],
    [
      'OTEL_INSTRUMENTATION_KNEX_REQUIRE_PARENT_SPANS',
      'true',
      /^TA1102 .*did you mean OTEL_INSTRUMENTATION_KNEX_REQUIRE_PARENT_SPAN\?/,
    ],
    [
      'OTEL_INSTRUMENTATION_PG_ENHANCED_DATABASE_REPORTING',
      'true',
      /^TA1122 .*add pg to OTEL_NODE_OFFICIAL_INSTRUMENTATIONS to have the official one$/,
    ],
    ['OTEL_INSTRUMENTATION_EXPRESS_IGNORE_LAYERS', 'a', /^TA1122 .*or set OTEL_NODE_MIDDLEWARE_SPANS=true$/],
  ];
  for (const [name, value, message] of cases) {
    const { messages } = load({ [name]: value });
    t.equal(messages.length, 1, name);
    t.match(messages[0], message);
  }
  t.match(
    load({
      OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: 'express',
      OTEL_INSTRUMENTATION_EXPRESS_IGNORE_LAYERS_TYPE: 'router,midleware',
    }).messages,
    [/"midleware" is not known \(did you mean middleware\?\); using the default of express/],
  );
  t.strictSame(
    load({ OTEL_INSTRUMENTATION_EXPRESS_IGNORE_LAYERS: 'a', OTEL_NODE_MIDDLEWARE_SPANS: 'true' }).messages,
    [],
  );
});

t.test(
  'an official instrumentation that is not there is one line, and the others of the list are selected',
  async (t) => {
    const selected = (text: string) => {
      const { loaded, messages } = load({ OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: text });
      return { official: loaded.config.instrumentations.official, messages };
    };
    const start = 'TA1101 OTEL_NODE_OFFICIAL_INSTRUMENTATIONS=';
    for (const name of WITHOUT_OFFICIAL) {
      const line = `${start}"${name}": this package has no official instrumentation of ${name}; using its own for ${name}`;
      t.strictSame(selected(name), { official: [], messages: [line] });
    }
    t.strictSame(selected('hono,undici,fastify,http'), {
      official: ['undici', 'http'],
      messages: [
        `${start}"hono,undici,fastify,http": this package has no official instrumentation of hono, fastify; using its own for hono, fastify`,
      ],
    });
    const all = [...OWN_INSTRUMENTATIONS, ...FRAMEWORKS];
    t.strictSame(selected(all.join()), { official: all, messages: [] });
  },
);

t.test('the effective configuration has them', async (t) => {
  const { loaded } = load({
    OTEL_INSTRUMENTATION_SOCKET_IO_EMIT_IGNORE_EVENT_LIST: 'ping,pong',
    OTEL_INSTRUMENTATION_KNEX_REQUIRE_PARENT_SPAN: '1',
  });
  const shown = describeConfig(loaded).filter(({ name }) => findOption(name) !== undefined);
  t.strictSame(shown, [
    { name: 'OTEL_INSTRUMENTATION_SOCKET_IO_EMIT_IGNORE_EVENT_LIST', value: 'ping,pong', source: 'environment' },
  ]);
});

t.test('the official instrumentation gets them, on top of what this package sets', async (t) => {
  const knex = TABLE.find(({ name }) => name === 'knex');
  const { Knex } = { Knex: require('@opentelemetry/instrumentation-knex').KnexInstrumentation };
  const seen: unknown[] = [];
  const { setTracerProvider } = Knex.prototype;
  Knex.prototype.setTracerProvider = function (provider: unknown) {
    seen.push(this.getConfig());
    return setTracerProvider.call(this, provider);
  };
  t.teardown(() => {
    Knex.prototype.setTracerProvider = setTracerProvider;
  });
  const { config } = load({ OTEL_INSTRUMENTATION_KNEX_MAX_QUERY_LENGTH: '7' }).loaded;
  knex?.load({ tracerProvider: trace.getTracerProvider(), config, log: createLog('none') });
  t.match(seen, [{ maxQueryLength: 7 }]);
});
