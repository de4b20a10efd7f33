/** Sampler, propagators, exporters, limits and batches. */
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import type { AgentConfig } from '../../src/config/types.js';

const load = (env: NodeJS.ProcessEnv): AgentConfig & { readonly messages: string[] } => {
  const { config, problems } = loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...env });
  return { ...config, messages: problems.map(({ severity, message }) => `${severity} ${message}`) };
};

const sampler = (name: string, argument?: string): ReturnType<typeof load> =>
  load({ OTEL_TRACES_SAMPLER: name, ...(argument === undefined ? {} : { OTEL_TRACES_SAMPLER_ARG: argument }) });

t.test('samplers by name in any case', async (t) => {
  for (const name of ['always_on', 'parentbased_always_on']) {
    t.match(sampler(name.toUpperCase()), { sampler: { name, ratio: 1 }, messages: [] });
  }
  for (const name of ['traceidratio', 'parentbased_traceidratio']) {
    t.match(sampler(name, '0.25'), { sampler: { name, ratio: 0.25 }, messages: [] });
    t.match(sampler(name, '1'), { sampler: { name, ratio: 1 }, messages: [] });
  }
});

t.test('a sampler with a typing error is the default', async (t) => {
  t.match(sampler('allways_off', '0.1'), {
    sampler: { name: 'parentbased_always_on', ratio: 1 },
    messages: [
      'warn OTEL_TRACES_SAMPLER="allways_off" is not known (did you mean always_off?); using parentbased_always_on',
    ],
  });
});

t.test('a bad or missing ratio is 1', async (t) => {
  for (const text of ['1.01', '-0.1', '10%', 'half']) {
    t.match(sampler('traceidratio', text), {
      sampler: { name: 'traceidratio', ratio: 1 },
      messages: [`warn OTEL_TRACES_SAMPLER_ARG="${text}" is not a number from 0 to 1; using 1`],
    });
  }
  t.match(sampler('parentbased_traceidratio'), { sampler: { ratio: 1 }, messages: [/^info .*records every trace/] });
});

t.test('an argument without a ratio sampler has no effect and says so', async (t) => {
  const expected = { sampler: { ratio: 1 }, messages: [/^info OTEL_TRACES_SAMPLER_ARG="0.1" has no effect/] };
  t.match(sampler('always_on', '0.1'), expected);
  t.match(load({ OTEL_TRACES_SAMPLER_ARG: '0.1' }), expected);
});

t.test('samplers that drop everything are reported', async (t) => {
  t.match(sampler('always_off').messages, ['info OTEL_TRACES_SAMPLER=always_off: every span is dropped']);
  t.match(sampler('traceidratio', '0').messages, [
    'info OTEL_TRACES_SAMPLER=traceidratio with ratio 0: every span is dropped',
  ]);
  t.match(sampler('parentbased_always_off').messages, [/^info .*only traces that a caller already records/]);
  t.match(sampler('parentbased_traceidratio', '0.0').messages, [/^info .*only traces that a caller already records/]);
});

t.test('samplers that come later: the initial rate stands in', async (t) => {
  const argument = 'endpoint=http://localhost:14250, pollingIntervalMs=5000 , initialSamplingRate=0.25';
  t.match(sampler('Parentbased_Jaeger_Remote', argument), {
    sampler: { name: 'parentbased_traceidratio', ratio: 0.25 },
    messages: [
      'warn OTEL_TRACES_SAMPLER="Parentbased_Jaeger_Remote" is not supported yet; using parentbased_traceidratio with ratio 0.25',
    ],
  });
  t.match(sampler('jaeger_remote', argument).sampler, { name: 'traceidratio', ratio: 0.25 });
  for (const [name, text] of [
    ['xray', 'endpoint=http://localhost:2000'],
    ['jaeger_remote', 'initialSamplingRate=2'],
    ['jaeger_remote', undefined],
  ] as const) {
    const { sampler: used, messages } = sampler(name, text);
    t.match(used, { name: 'parentbased_always_on', ratio: 1 });
    t.same(messages, [`warn OTEL_TRACES_SAMPLER="${name}" is not supported yet; using parentbased_always_on`]);
  }
});

t.test('propagators: in order, de-duplicated, any case', async (t) => {
  const propagators = (text: string): ReturnType<typeof load> => load({ OTEL_PROPAGATORS: text });
  t.match(propagators('B3, tracecontext ,b3,xray,ottrace,b3multi,jaeger'), {
    propagators: ['b3', 'tracecontext', 'xray', 'ottrace', 'b3multi', 'jaeger'],
    messages: [],
  });
  t.match(propagators('none'), { propagators: [], messages: [] });
  t.same(propagators('none').propagators.length, 0);
  t.match(propagators('b3,none'), { messages: ['warn OTEL_PROPAGATORS="b3,none" has none among others; using none'] });
  t.same(propagators('b3,none').propagators, []);
  t.match(propagators('b3single,tracecontext'), {
    propagators: ['tracecontext'],
    messages: [/^warn OTEL_PROPAGATORS="b3single,tracecontext": "b3single" is not one of .*; using tracecontext$/],
  });
  t.match(propagators('w3c,datadog'), {
    propagators: ['tracecontext', 'baggage'],
    messages: [/"w3c" is not one of .*; "datadog" is not one of .*; using tracecontext,baggage$/],
  });
  t.match(propagators(','), { propagators: ['tracecontext', 'baggage'], messages: [] });
});

t.test('of many bad elements the first five are named', async (t) => {
  const text = Array.from({ length: 20_000 }, (_, index) => `unknown${index}`).join(',');
  const [message = ''] = load({ OTEL_PROPAGATORS: text }).messages;
  t.match(message, /; and 19995 more; using tracecontext,baggage$/);
  t.ok(message.length < 1000, 'one line');
});

t.test('exporters', async (t) => {
  const exporters = (text: string): ReturnType<typeof load> => load({ OTEL_TRACES_EXPORTER: text });
  t.match(exporters('OTLP'), { tracesExporters: ['otlp'], messages: [] });
  t.match(exporters('console, zipkin,otlp,console'), { tracesExporters: ['console', 'zipkin', 'otlp'], messages: [] });
  t.match(exporters('logging'), { tracesExporters: ['console'], messages: [] });
  t.same(exporters('none').tracesExporters, []);
  t.same(exporters('none').messages, []);
  t.same(exporters('otlp,none').tracesExporters, []);
  t.match(exporters('otlp,none').messages, [/has none among others; using none$/]);
  t.match(exporters('otpl'), { tracesExporters: ['otlp'], messages: [/did you mean otlp\?\); using otlp$/] });
  t.match(exporters('console,foo'), {
    tracesExporters: ['console'],
    messages: [/"foo" is not one of .*; using console$/],
  });
  t.match(exporters('otlp/stdout'), {
    tracesExporters: ['otlp'],
    messages: ['warn OTEL_TRACES_EXPORTER="otlp/stdout": otlp/stdout is not supported yet; using otlp'],
  });
  t.match(exporters('Jaeger'), {
    tracesExporters: ['otlp'],
    messages: [
      'warn OTEL_TRACES_EXPORTER="Jaeger": Jaeger takes OTLP itself, on port 4317 (grpc) and 4318 (http/protobuf); using otlp',
    ],
  });
});

t.test('zipkin', async (t) => {
  t.match(load({ OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'http://z:9411/x', OTEL_EXPORTER_ZIPKIN_TIMEOUT: '0' }), {
    zipkin: { endpoint: 'http://z:9411/x', timeoutMillis: Number.POSITIVE_INFINITY },
    messages: [],
  });
  t.match(load({ OTEL_EXPORTER_ZIPKIN_ENDPOINT: 'z:9411' }), {
    zipkin: { endpoint: 'http://localhost:9411/api/v2/spans' },
    messages: [/^error OTEL_EXPORTER_ZIPKIN_ENDPOINT="z:9411" is not a URL/],
  });
});

t.test('limits: the specific one, its alias, the general one, the default', async (t) => {
  const { limits } = load({
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '10',
    OTEL_ATTRIBUTE_COUNT_LIMIT: '20',
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '0',
    OTEL_SPAN_EVENT_COUNT_LIMIT: '30',
    OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '40',
    OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT: '41',
    OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT: '50',
  });
  t.same(limits, {
    general: { attributeValueLengthLimit: 10, attributeCountLimit: 20 },
    span: {
      attributeValueLengthLimit: 10,
      attributeCountLimit: 0,
      eventCountLimit: 30,
      linkCountLimit: 128,
      attributePerEventCountLimit: 40,
      attributePerLinkCountLimit: 50,
    },
  });
  const bad = load({ OTEL_ATTRIBUTE_COUNT_LIMIT: '20', OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '-1' });
  t.equal(bad.limits.span.attributeCountLimit, 20);
  t.match(bad.messages, [/OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT="-1" is not a whole number.*; using 20$/]);
  const general = load({ OTEL_ATTRIBUTE_COUNT_LIMIT: 'x' });
  t.match(general.messages, [/using 128$/], 'said once although four limits fall back to it');
  t.equal(general.messages.length, 1);
  t.match(load({ OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: 'x' }).messages, [/using no limit$/]);
  const alias = load({ OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT: 'x' });
  t.match(alias.messages, [/^warn OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT="x"/], 'the name the user wrote');
});

t.test('batches', async (t) => {
  const batch = load({
    OTEL_BSP_SCHEDULE_DELAY: '0',
    OTEL_BSP_EXPORT_TIMEOUT: '0',
    OTEL_BSP_MAX_QUEUE_SIZE: '1',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '1',
  });
  t.match(batch, {
    batch: {
      scheduledDelayMillis: 0,
      exportTimeoutMillis: Number.POSITIVE_INFINITY,
      maxQueueSize: 1,
      maxExportBatchSize: 1,
      isQueueSizeExplicit: true,
    },
    messages: [],
  });
  t.match(load({ OTEL_BSP_MAX_QUEUE_SIZE: '0' }), {
    batch: { maxQueueSize: 2048, isQueueSizeExplicit: false },
    messages: [/from 1 to 2147483647; using 2048$/],
  });
});

t.test('a batch larger than the queue is cut to it', async (t) => {
  t.match(load({ OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '101' }), {
    batch: { maxExportBatchSize: 100 },
    messages: [/OTEL_BSP_MAX_EXPORT_BATCH_SIZE="101" is larger than the queue .*100\); using 100$/],
  });
  t.match(load({ OTEL_BSP_MAX_QUEUE_SIZE: '100', OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '100' }).messages, []);
  const small = load({ OTEL_BSP_MAX_QUEUE_SIZE: '100' });
  t.equal(small.batch.maxExportBatchSize, 100, 'the default too, without a word');
  t.same(small.messages, []);
});
