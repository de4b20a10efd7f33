/** What the agent says when spans are not made although libraries are traced, and when their times are wrong. */
import t from 'tap';
import { type Diagnosis, type Stage, testDiagnoses } from '../helpers/diagnosis.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

async function receiving(stage: Stage, headers: readonly string[], count = 12, env: Record<string, string> = {}) {
  const collector = await stage.collector();
  return {
    file: 'diagnosis/requests.cjs',
    args: [String(count), ...headers],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, ...env },
  };
}

const UNSAMPLED = `traceparent: 00-${TRACE}-${SPAN}-00`;
const SAMPLED = `traceparent: 00-${TRACE}-${SPAN}-01`;

const SCENARIOS: readonly Diagnosis[] = [
  {
    name: 'a few unsampled callers and nobody else: said after two looks',
    set: (stage) => receiving(stage, [UNSAMPLED], 4),
    codes: ['TA4001'],
    says: [/all of the first 4 requests/],
    // Two ticks of five seconds, and the start of a process on a busy machine.
    withinMillis: 14_000,
  },
  {
    name: 'the clock jumps',
    async set(stage) {
      const folder = stage.folder({
        'app.cjs': `
          const now = Date.now;
          setTimeout(() => { Date.now = () => now() + 3_600_000; console.log('done'); }, 200);
          process.on('disconnect', () => {});`,
      });
      return { file: `${folder}/app.cjs`, env: { OTEL_TRACES_EXPORTER: 'none' } };
    },
    codes: ['TA4003'],
    says: [/the clock jumped by \+3600 s/],
  },
  {
    name: 'many unsampled callers and nobody else',
    set: (stage) => receiving(stage, [UNSAMPLED]),
    codes: ['TA4001'],
    says: [/OTEL_TRACES_SAMPLER=parentbased_always_on records none.*OTEL_TRACES_SAMPLER=always_on/],
  },
  {
    name: 'unsampled callers, with a sampler that does not ask them',
    set: (stage) => receiving(stage, [UNSAMPLED], 12, { OTEL_TRACES_SAMPLER: 'always_on' }),
    codes: [],
  },
  { name: 'sampled callers', set: (stage) => receiving(stage, [SAMPLED]), codes: [] },
  {
    name: 'B3 in one header, not configured',
    set: (stage) => receiving(stage, [`b3: ${TRACE}-${SPAN}-1`]),
    codes: ['TA4002'],
    says: [/requests carry the header b3, which OTEL_PROPAGATORS=tracecontext,baggage does not read; add b3 to it/],
  },
  {
    name: 'B3 in several headers, not configured',
    set: (stage) => receiving(stage, [`x-b3-traceid: ${TRACE}`, `x-b3-spanid: ${SPAN}`, 'x-b3-sampled: 1']),
    codes: ['TA4002'],
    says: [/add b3multi to it/],
  },
  {
    name: 'W3C, not configured',
    set: (stage) => receiving(stage, [SAMPLED], 2, { OTEL_PROPAGATORS: 'b3' }),
    codes: ['TA4002'],
    says: [/add tracecontext to it/],
  },
  {
    name: 'Jaeger, not configured',
    set: (stage) => receiving(stage, [`uber-trace-id: ${TRACE}:${SPAN}:0:1`], 2),
    codes: ['TA4002'],
  },
  {
    name: 'AWS X-Ray with a parent, not configured',
    set: (stage) =>
      receiving(stage, ['x-amzn-trace-id: Root=1-67891233-abcdef012345678912345678;Parent=0123456789abcdef'], 2),
    codes: ['TA4002'],
    says: [/the header x-amzn-trace-id, which OTEL_PROPAGATORS=tracecontext,baggage does not read; add xray to it/],
  },
  {
    name: 'Datadog, whose context nothing here reads',
    set: (stage) =>
      receiving(stage, ['x-datadog-trace-id: 11803532876627986230', 'x-datadog-parent-id: 67667974448284343'], 4),
    codes: ['TA4002'],
    says: [/the header x-datadog-trace-id, which no propagator here reads; set DD_TRACE_PROPAGATION_STYLE=/],
  },
  {
    name: 'Google Cloud Trace, whose context nothing here reads',
    set: (stage) => receiving(stage, [`x-cloud-trace-context: ${TRACE}/1234567890123456789;o=1`], 4),
    codes: ['TA4002'],
    says: [/the header x-cloud-trace-context, which no propagator here reads; have the callers write traceparent/],
  },
  {
    name: 'Datadog and Google Cloud Trace beside W3C: nothing is missing',
    set: (stage) =>
      receiving(stage, [SAMPLED, 'x-datadog-trace-id: 11803532876627986230', `x-cloud-trace-context: ${TRACE}/7`], 2),
    codes: [],
  },
  {
    name: 'the header that a load balancer of AWS adds to every request is no context',
    set: (stage) => receiving(stage, ['x-amzn-trace-id: Root=1-67891233-abcdef012345678912345678'], 2),
    codes: [],
  },
  {
    name: 'no propagation wanted',
    set: (stage) => receiving(stage, [SAMPLED, `b3: ${TRACE}-${SPAN}-1`], 2, { OTEL_PROPAGATORS: 'none' }),
    codes: [],
  },
];

testDiagnoses(t, SCENARIOS);
