/** OTEL_NODE_SAMPLING_RULES: how a line becomes rules, what is said about mistakes, what the rules decide. */
import { randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { RateLimit } from '../../src/sdk/rate-limit.js';
import { createSampler } from '../../src/sdk/sampler.js';
import { compilePattern } from '../../src/sdk/span-test.js';
import { toleranceOf } from '../helpers/shares.js';

const { RECORD_AND_SAMPLED, NOT_RECORD } = SamplingDecision;

function load(rules: string, env: Record<string, string> = {}) {
  const { config, problems } = loadConfig({ OTEL_NODE_ENV_FILE: 'none', OTEL_NODE_SAMPLING_RULES: rules, ...env });
  return { ...config, messages: problems.map(({ message }) => message) };
}

function samplerOf(rules: string, env: Record<string, string> = {}): Sampler {
  const { sampler, sampling, messages } = load(rules, env);
  t.strictSame(messages, [], rules);
  return createSampler(sampler, sampling.rules);
}

function randomId(digits: number): string {
  return randomBytes(digits / 2).toString('hex');
}

interface Facts {
  readonly name?: string;
  readonly kind?: SpanKind;
  readonly attributes?: Record<string, string | string[] | number>;
  readonly parent?: Partial<SpanContext>;
}

function isSampled(
  sampler: Sampler,
  { name = 'GET', kind = SpanKind.SERVER, attributes = {}, parent }: Facts,
): boolean {
  const traceId = parent?.traceId ?? randomId(32);
  const spanContext = { traceId, spanId: randomId(16), traceFlags: 0, ...parent };
  const context = parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
  const { decision } = sampler.shouldSample(context, traceId, name, kind, attributes, []);
  if (decision !== RECORD_AND_SAMPLED && decision !== NOT_RECORD) throw new Error(`decided ${decision}`);
  return decision === RECORD_AND_SAMPLED;
}

t.test('the line of the documentation', async (t) => {
  const sampler = samplerOf(
    'path=/health* -> drop; method=POST,path=/orders/* -> 1.0; kind=consumer -> rate 10/s; * -> 0.05',
  );
  const get = (path: string, method = 'GET') =>
    isSampled(sampler, { attributes: { 'url.path': path, 'http.request.method': method } });
  for (const path of ['/health', '/healthz/live']) t.notOk(get(path), path);
  t.notOk(get('/healthz', 'POST'), 'the first rule that matches decides');
  for (let index = 0; index < 100; index++) t.ok(get(`/orders/${index}`, 'POST'));
  const consumed = Array.from({ length: 100 }, () => isSampled(sampler, { kind: SpanKind.CONSUMER }));
  t.equal(consumed.filter(Boolean).length, 10);
});

t.test('shares are within 1 % over 100,000 traces', async (t) => {
  const ids = Array.from({ length: 100_000 }, () => randomId(32));
  const check = (sampler: Sampler, ratio: number, { kind = SpanKind.SERVER, attributes = {} }: Facts, what: string) => {
    const isTaken = (id: string): boolean =>
      sampler.shouldSample(ROOT_CONTEXT, id, 'GET', kind, attributes, []).decision === RECORD_AND_SAMPLED;
    const share = ids.filter(isTaken).length / ids.length;
    t.ok(Math.abs(share - ratio) < toleranceOf(ratio, ids.length), `${what}: ${ratio}, ${share}`);
  };
  const onPath = { attributes: { 'url.path': '/a' } };
  for (const ratio of [0.01, 0.05, 0.25, 0.5, 0.9]) {
    check(samplerOf(`path=/a -> ${ratio}; * -> drop`), ratio, onPath, 'rule');
    const env = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: `${ratio}` };
    check(samplerOf('path=/b -> drop', env), ratio, onPath, 'the sampler behind rules');
  }
  const both = samplerOf('kind=server -> 20%; kind=client -> 60%; method=POST -> 5%; attr:tenant=acme -> 80%');
  const internal = { kind: SpanKind.INTERNAL };
  check(both, 0.2, {}, 'kind');
  check(both, 0.6, { kind: SpanKind.CLIENT }, 'kind');
  check(both, 0.05, { ...internal, attributes: { 'http.request.method': 'POST' } }, 'method');
  check(both, 0.8, { ...internal, attributes: { tenant: 'acme' } }, 'attribute');
});

t.test('what a condition looks at', async (t) => {
  const cases: [condition: string, facts: Facts, expected: boolean][] = [
    ['path=/a/*', { attributes: { 'url.path': '/a/b' } }, true],
    ['path=/a/*', { attributes: { 'url.path': '/a' } }, false],
    ['path=/a|/b', { attributes: { 'url.path': '/b' } }, true],
    ['path=/a/*/c', { attributes: { 'url.full': 'https://x.example:1/a/b/c?d=/e' }, kind: SpanKind.CLIENT }, true],
    ['path=/', { attributes: { 'url.full': 'https://x.example' }, kind: SpanKind.CLIENT }, true],
    ['path=/grpc.health.v1.Health/*', { attributes: { 'rpc.method': 'grpc.health.v1.Health/Check' } }, true],
    ['path!=/a*', { attributes: { 'url.path': '/b' } }, true],
    ['path!=/a*|/b*', { attributes: { 'url.path': '/b' } }, false],
    ['path="/a,b;c|d->e"', { attributes: { 'url.path': '/a,b;c|d->e' } }, true],
    ['method=post', { attributes: { 'http.request.method': 'POST' } }, true],
    [
      'method=PURGE',
      { attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE' } },
      true,
    ],
    ['kind=Server|internal', { kind: SpanKind.INTERNAL }, true],
    ['kind!=server', {}, false],
    ['name=nightly *', { name: 'nightly report', kind: SpanKind.INTERNAL }, true],
    ['host=*.example', { attributes: { 'server.address': 'a.example' } }, true],
    ['user_agent.original=kube-probe/*', { attributes: { 'user_agent.original': 'kube-probe/1.30' } }, true],
    ['http.request.header.x-debug=1', { attributes: { 'http.request.header.x-debug': ['0', '1'] } }, true],
    ['server.port=8080', { attributes: { 'server.port': 8080 } }, true],
    ['attr:tenant=acme', { attributes: { tenant: 'acme' } }, true],
    ['attr:tenant=acme', {}, false],
    ['attr:tenant!=acme', {}, true],
  ];
  t.ok(isSampled(samplerOf('* -> keep', { OTEL_TRACES_SAMPLER: 'always_off' }), {}));
  for (const [condition, facts, expected] of cases) {
    t.equal(isSampled(samplerOf(`${condition} -> keep; * -> drop`), facts), expected, condition);
  }
});

t.test('patterns', async (t) => {
  const cases: [pattern: string, matching: string[], others: string[]][] = [
    ['/a', ['/a'], ['/a/', '/', '']],
    ['*', ['', 'x'], []],
    ['a*', ['a', 'ab'], ['ba']],
    ['*a', ['a', 'ba'], ['ab']],
    ['a*a', ['aa', 'aba'], ['a']],
    ['*a*b*', ['ab', 'xaxbx', 'aab'], ['ba', 'a']],
    ['a*b*b', ['abb', 'abxb'], ['ab', 'b']],
    ['a.c', ['a.c'], ['abc']],
  ];
  for (const [pattern, matching, others] of cases) {
    const test = compilePattern(pattern);
    for (const text of matching) t.ok(test(text), `${pattern}: ${text}`);
    for (const text of others) t.notOk(test(text), `${pattern}: ${text}`);
  }
  const hostile = compilePattern(`/${'*a'.repeat(30)}*b`);
  const startedAt = process.hrtime.bigint();
  t.notOk(hostile(`/${'a'.repeat(100_000)}`));
  t.ok(process.hrtime.bigint() - startedAt < 1_000_000_000n, 'no time to be had from a long path');
});

t.test('a parent is followed, unless a rule says that it is for such spans', async (t) => {
  const remote = (traceFlags: number): Facts => ({
    parent: { isRemote: true, traceFlags },
    attributes: { 'url.path': '/health' },
  });
  const local = (traceFlags: number): Facts => ({ ...remote(0), parent: { traceFlags } });
  const plain = samplerOf('path=/health -> drop; * -> keep');
  t.notOk(isSampled(plain, { attributes: { 'url.path': '/health' } }));
  t.ok(isSampled(plain, remote(1)));
  t.notOk(isSampled(plain, remote(0)));
  t.ok(isSampled(plain, local(1)));
  t.notOk(isSampled(plain, local(0)));

  const wide = samplerOf('parent=none|remote,path=/health -> drop');
  t.notOk(isSampled(wide, remote(1)), 'a caller that samples');
  t.ok(isSampled(wide, local(1)), 'what goes on below is the root’s matter');
  t.ok(isSampled(samplerOf('parent=any -> keep'), local(0)));

  // Where the sampler itself asks no parent, what is below a dropped root is dropped with it.
  const deciding = samplerOf('path=/health -> drop', { OTEL_TRACES_SAMPLER: 'always_on' });
  t.notOk(isSampled(deciding, local(0)));
  t.ok(isSampled(deciding, remote(0)), 'the configured sampler');
});

t.test('spans that no rule matches are the sampler’s', async (t) => {
  const rules = 'path=/a -> keep';
  t.notOk(isSampled(samplerOf(rules, { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }), {}));
  t.ok(isSampled(samplerOf(rules), {}));
});

t.test('what is below an unsampled span is asked for only when a rule can be for it', async (t) => {
  t.equal(load('* -> 0.5').sampler.followsUnsampled, true);
  t.equal(load('parent=local,kind=client -> drop').sampler.followsUnsampled, false);
  t.equal(load('* -> 0.5', { OTEL_TRACES_SAMPLER: 'always_on' }).sampler.followsUnsampled, false);
  t.equal(load('* -> 0.5', { OTEL_NODE_KEEP_ERRORS: 'true' }).sampler.followsUnsampled, false);
});

t.test('a sampler that drops everything is no mistake behind rules', async (t) => {
  t.strictSame(load('path=/a -> keep', { OTEL_TRACES_SAMPLER: 'always_off' }).messages, []);
});

t.test('mistakes: variable, rule, reason, what is used instead', async (t) => {
  const say = (rules: string): string => load(rules).messages.join('\n');
  t.equal(
    say('metod=POST -> 1; * -> 0.1'),
    'OTEL_NODE_SAMPLING_RULES="metod=POST -> 1; * -> 0.1": rule 1: "metod" is not known (did you mean method?); using the ' +
      'rule "* -> 0.1"',
  );
  const cases: [rules: string, reason: RegExp][] = [
    ['path=/a', /rule 1: "path=\/a" has no "->"; using OTEL_TRACES_SAMPLER alone$/],
    ['path=/a ->', /rule 1: "" is not drop, keep, a ratio \(0\.05 or 5%\) or a rate \(rate 10\/s\)/],
    ['* -> sometimes', /"sometimes" is not drop/],
    ['* -> 1.5', /"1\.5" is not a number from 0 to 1, nor a percentage/],
    ['* -> 150%', /"150%" is not a number/],
    ['* -> rate 10', /"rate 10" is not drop/],
    ['* -> rate 10/day', /"rate 10\/day" is not drop/],
    ['-> drop', /a condition is missing/],
    ['path -> drop', /"path" is not key=value or \*/],
    ['path= -> drop', /path has no value/],
    ['=x -> drop', /a condition has no name before "="/],
    ['colour=red -> drop', /"colour" is none of path, method, .*and no attribute/],
    ['kind=sever -> drop', /kind is none of server, client, producer, consumer, internal: "sever"/],
    ['parent=mine -> drop', /parent is none of none, remote, local, any: "mine"/],
    ['parent!=remote -> drop', /parent may be given once/],
    ['path="/a -> drop', /has a quotation mark that is not closed; using no rule$/],
    ['* -> 0.5; path=/a -> drop', /rule 2 is never reached: "\* -> 0\.5" is before it/],
  ];
  for (const [rules, reason] of cases) t.match(say(rules), reason, rules);
  t.strictSame(load('parent=none -> 0.5; parent=remote -> drop').messages, [], 'for other spans');
  t.strictSame(load(' ; * -> 5%;\n').sampling.rules.length, 1, 'empty ones are none');
  t.match(say(Array.from({ length: 102 }, (_, index) => `path=/${index} -> drop`).join(';')), /beyond the 100th/);
});

t.test('rates: a second’s worth at once, then as time goes on', async (t) => {
  const clock = { now: 5 };
  const limit = new RateLimit(10, () => clock.now);
  const takeAll = (): number => {
    let taken = 0;
    while (taken < 1000 && limit.take()) taken++;
    return taken;
  };
  t.equal(takeAll(), 10);
  clock.now += 0.55;
  t.equal(takeAll(), 5);
  clock.now += 3600;
  t.equal(takeAll(), 10, 'nothing is saved up');
  const slow = new RateLimit(1 / 60, () => clock.now);
  t.strictSame([slow.take(), slow.take()], [true, false]);
  clock.now += 59;
  t.notOk(slow.take());
  clock.now += 1.5;
  t.ok(slow.take());
  const never = new RateLimit(0, () => clock.now);
  t.notOk(never.take());
  t.match(load('* -> 0.5 rate 30/min; kind=client -> rate 2/h').sampling.rules[0], { ratio: 0.5, perSecond: 0.5 });
});
