/** Consistent probability sampling: thresholds and decisions are the specification's, and so every language's. */
import { randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { type Sampler, SamplingDecision, type SamplingResult } from '@opentelemetry/sdk-trace';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { createSampler } from '../../src/sdk/sampler.js';
import { toleranceOf } from '../helpers/shares.js';

function samplerOf(name: string, ratio: number | string, env: Record<string, string> = {}): Sampler {
  const { config, problems } = loadConfig({
    OTEL_NODE_ENV_FILE: 'none',
    OTEL_TRACES_SAMPLER: name,
    OTEL_TRACES_SAMPLER_ARG: String(ratio),
    ...env,
  });
  t.strictSame(
    problems.filter(({ severity }) => severity !== 'info'),
    [],
  );
  return createSampler(config.sampler, config.sampling.rules);
}

interface Parent {
  readonly traceFlags: number;
  readonly traceState?: string;
}

function decide(sampler: Sampler, traceId: string, parent?: Parent): SamplingResult {
  const state = parent?.traceState === undefined ? {} : { traceState: new TraceState(parent.traceState) };
  const spanContext: SpanContext = {
    traceId,
    spanId: 'b7ad6b7169203331',
    isRemote: true,
    ...parent,
    ...state,
  } as never;
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
  return sampler.shouldSample(context, traceId, 'span', SpanKind.SERVER, {}, []);
}

const isSampled = (sampler: Sampler, traceId: string, parent?: Parent): boolean =>
  decide(sampler, traceId, parent).decision === SamplingDecision.RECORD_AND_SAMPLED;
const stateOf = (result: SamplingResult): string | undefined => result.traceState?.serialize();
/** The first 18 digits of an id have no say. */
const idWith = (randomness: string): string => `0123456789abcdef01${randomness}`;

/** Ratio, threshold with 14 digits, `th` as it is sent. Spec: tracestate-probability-sampling.md, tracestate-handling.md. */
const THRESHOLDS: [ratio: number, threshold: string, th: string][] = [
  [1, '00000000000000', '0'],
  [0.75, '40000000000000', '4'],
  [0.5, '80000000000000', '8'],
  [0.25, 'c0000000000000', 'c'],
  [0.1, 'e6666666666666', 'e6666666666666'],
  [0.0625, 'f0000000000000', 'f'],
  [1 / 65536, 'ffff0000000000', 'ffff'],
];

t.test('a trace is sampled when its last 56 bits are not below the threshold', async (t) => {
  for (const [ratio, threshold, th] of THRESHOLDS) {
    const sampler = samplerOf('probability', ratio);
    const first = decide(sampler, idWith(threshold));
    t.equal(first.decision, SamplingDecision.RECORD_AND_SAMPLED, `${ratio}: ${threshold}`);
    t.equal(stateOf(first), `ot=th:${th}`);
    t.ok(isSampled(sampler, idWith('ffffffffffffff')));
    if (ratio === 1) continue;
    const before = (BigInt(`0x${threshold}`) - 1n).toString(16).padStart(14, '0');
    const last = decide(sampler, idWith(before));
    t.equal(last.decision, SamplingDecision.NOT_RECORD, `${ratio}: ${before}`);
    t.equal(stateOf(last), undefined);
  }
  t.notOk(isSampled(samplerOf('probability', 0), idWith('ffffffffffffff')));
});

function randomId(): string {
  return randomBytes(16).toString('hex');
}

t.test('the share is within 1 % over 100,000, and a smaller one is a part of a larger one', async (t) => {
  const [tenth, half] = [samplerOf('parentbased_probability', 0.1), samplerOf('probability', 0.5)];
  let [sampledByTenth, sampledByHalf, strays] = [0, 0, 0];
  for (let index = 0; index < 100_000; index++) {
    const traceId = randomId();
    const byTenth = isSampled(tenth, traceId);
    const byHalf = isSampled(half, traceId);
    if (byTenth) sampledByTenth++;
    if (byHalf) sampledByHalf++;
    if (byTenth && !byHalf) strays++;
  }
  t.ok(Math.abs(sampledByTenth / 100_000 - 0.1) < toleranceOf(0.1, 100_000), `${sampledByTenth}`);
  t.ok(Math.abs(sampledByHalf / 100_000 - 0.5) < toleranceOf(0.5, 100_000), `${sampledByHalf}`);
  t.equal(strays, 0);
});

t.test('explicit randomness stands in for that of the id, and is passed on', async (t) => {
  const sampler = samplerOf('probability', 0.5);
  const low = { traceFlags: 1, traceState: 'ot=rv:00000000000000' };
  const high = { traceFlags: 0, traceState: 'ot=rv:80000000000000;xy:z,other=1' };
  t.notOk(isSampled(sampler, idWith('ffffffffffffff'), low));
  t.equal(stateOf(decide(sampler, idWith('00000000000000'), high)), 'ot=th:8;rv:80000000000000;xy:z,other=1');
});

t.test('parentbased_probability: the threshold of the caller, or its flag', async (t) => {
  const sampler = samplerOf('parentbased_probability', 0);
  const id = idWith('c0000000000000');
  t.notOk(isSampled(sampler, id), 'of traces that start here');
  t.equal(stateOf(decide(sampler, id, { traceFlags: 1, traceState: 'ot=th:c' })), 'ot=th:c');
  t.notOk(isSampled(sampler, id, { traceFlags: 0, traceState: 'other=1' }));
  const flagged = decide(sampler, id, { traceFlags: 1, traceState: 'other=1' });
  t.equal(flagged.decision, SamplingDecision.RECORD_AND_SAMPLED);
  t.equal(stateOf(flagged), 'other=1', 'for how many it stands nobody knows');
});

t.test('rules in front of it', async (t) => {
  const rules = 'kind=server -> 0.25; kind=client -> rate 1/s; parent=remote -> rate 0/s';
  const sampler = samplerOf('parentbased_probability', 1, { OTEL_NODE_SAMPLING_RULES: rules });
  const ask = (kind: SpanKind, traceId: string, context = ROOT_CONTEXT): SamplingResult =>
    sampler.shouldSample(context, traceId, 'span', kind, {}, []);
  t.equal(stateOf(ask(SpanKind.SERVER, idWith('c0000000000000'))), 'ot=th:c');
  t.equal(ask(SpanKind.SERVER, idWith('bfffffffffffff')).decision, SamplingDecision.NOT_RECORD);
  const limited = ask(SpanKind.CLIENT, idWith('00000000000000'));
  t.equal(limited.decision, SamplingDecision.RECORD_AND_SAMPLED);
  t.notOk(stateOf(limited), 'no threshold');
  t.equal(ask(SpanKind.INTERNAL, idWith('00000000000000')).decision, SamplingDecision.RECORD_AND_SAMPLED);
  const dropped = decide(sampler, idWith('ffffffffffffff'), { traceFlags: 1, traceState: 'ot=th:8,other=1' });
  t.equal(dropped.decision, SamplingDecision.NOT_RECORD);
  t.notMatch(stateOf(dropped), /th:/, 'the threshold does not fit any more');
});

t.test('the name of another distribution', async (t) => {
  const { config, problems } = loadConfig({
    OTEL_NODE_ENV_FILE: 'none',
    OTEL_TRACES_SAMPLER: 'experimental_composite_parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.5',
  });
  t.strictSame(problems, []);
  t.match(config.sampler, { name: 'parentbased_probability', ratio: 0.5, followsUnsampled: true });
});
