/** What our own instrumentations share: redaction, patching, fault counting, ties, verdicts on errors. */
import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { getRPCMetadata, isTracingSuppressed, RPCType, setRPCMetadata, suppressTracing } from '@opentelemetry/core';
import t from 'tap';
import { createLog } from '../../src/diag/log.js';
import { ContextWithSpan, isSuppressed, rpcMetadataOf, suppress } from '../../src/instrumentation/context.js';
import { createIncomingFilter, createUrlFilter } from '../../src/instrumentation/http/exclusion.js';
import { isCancellation } from '../../src/instrumentation/http/rules.js';
import { createTie, errorType } from '../../src/instrumentation/operation.js';
import { Faults, patchMethod } from '../../src/instrumentation/patch.js';
import { createQueryRedactor, redactUrl } from '../../src/instrumentation/redact.js';

t.test('query redaction masks in place', async (t) => {
  const redact = createQueryRedactor(['token']);
  for (const [query, expected] of [
    ['', ''],
    ['a=1&b=2', 'a=1&b=2'],
    ['sig=secret', 'sig=REDACTED'],
    ['a=%20+&sig=x&b=%zz', 'a=%20+&sig=REDACTED&b=%zz'],
    [
      'Signature=x&X-Amz-Signature=y&X-Amz-Credential=z',
      'Signature=REDACTED&X-Amz-Signature=REDACTED&X-Amz-Credential=REDACTED',
    ],
    [
      'AWSAccessKeyId=x&X-Goog-Signature=y&X-Amz-Security-Token=',
      'AWSAccessKeyId=REDACTED&X-Goog-Signature=REDACTED&X-Amz-Security-Token=REDACTED',
    ],
    ['SIG=kept&signature=kept', 'SIG=kept&signature=kept'],
    ['sig', 'sig'],
    ['&&sig=a&&sig=b&', '&&sig=REDACTED&&sig=REDACTED&'],
    ['s%69g=hidden', 's%69g=REDACTED'],
    ['token=a=b&x', 'token=REDACTED&x'],
    ['%E0%A4%A=x', '%E0%A4%A=x'],
  ] as const) {
    t.equal(redact(query), expected, query);
  }
  t.equal(createQueryRedactor()('token=kept'), 'token=kept');
});

t.test('URL redaction masks credentials and query, and nothing else', async (t) => {
  const redact = createQueryRedactor();
  for (const [url, expected] of [
    ['http://user:pass@host/a', 'http://REDACTED:REDACTED@host/a'],
    ['https://user@host:8080/?sig=x#f', 'https://REDACTED:REDACTED@host:8080/?sig=REDACTED#f'],
    ['http://host/@a?b=c@d', 'http://host/@a?b=c@d'],
    ['http://host/a?sig=1#sig=2', 'http://host/a?sig=REDACTED#sig=2'],
    ['/path?sig=1', '/path?sig=REDACTED'],
    ['http://a:b@c:d@host/', 'http://REDACTED:REDACTED@host/'],
  ] as const) {
    t.equal(redactUrl(url, redact), expected);
  }
});

t.test('URL filters', async (t) => {
  const isExcluded = createUrlFilter([
    '/healthz',
    '/ready*',
    '^/metrics$',
    '/v[12]$',
    'https://a.example/*',
    '/*/ping',
    '^(',
  ]);
  for (const [target, expected] of [
    ['/healthz', true],
    ['/healthz?verbose=1', true],
    ['http://any.example:8080/healthz?a', true],
    ['/healthz/deep', false],
    ['/api/healthz', false],
    ['/ready', true],
    ['/readyz/x', true],
    ['/already', false],
    ['/metrics', true],
    ['/metrics/x', false],
    ['/api/v1', true],
    ['/api/v3', false],
    ['https://a.example/anything', true],
    ['https://a.example.org/anything', false],
    ['http://a.example/anything', false],
    ['/shop/ping', true],
    ['/ping', false],
    ['*', false],
    ['', false],
  ] as const) {
    t.equal(isExcluded?.(target), expected, target);
  }
  t.equal(createUrlFilter(), undefined);
  t.equal(createUrlFilter(['^(']), undefined, 'what is no regular expression is left out');
  const isIncomingExcluded = createIncomingFilter({ isProbeExcluded: true });
  const requestBy = (userAgent: string | undefined) => ({ url: '/', headers: { 'user-agent': userAgent } });
  t.equal(isIncomingExcluded?.(requestBy('kube-probe/1.31')), true);
  t.equal(isIncomingExcluded?.(requestBy('curl kube-probe/1.31')), false);
  t.equal(isIncomingExcluded?.(requestBy(undefined)), false);
  t.equal(createIncomingFilter({}), undefined);
});

t.test('a patched method looks and behaves like the original', async (t) => {
  class Parent {
    greet(name: string, ..._rest: unknown[]): string {
      return `hello ${name}`;
    }
  }
  class Child extends Parent {}
  const seen: unknown[][] = [];
  const unpatch = patchMethod(
    Child.prototype,
    'greet',
    (original) =>
      function wrapper() {
        // biome-ignore lint/complexity/noArguments: what is tested
        seen.push([...arguments]);
        // biome-ignore lint/complexity/noArguments: what is tested
        return original.apply(this, arguments as unknown as unknown[]);
      },
  );
  t.equal(new Child().greet('a', 1, 2), 'hello a');
  t.strictSame(seen, [['a', 1, 2]]);
  t.equal(Child.prototype.greet.name, 'greet');
  t.equal(Child.prototype.greet.length, 1);
  t.strictSame(Object.keys(Child.prototype), [], 'not enumerable');

  Parent.prototype.greet = () => 'replaced later';
  t.equal(new Child().greet('a'), 'replaced later', 'an inherited method is looked up at each call');
  unpatch();
  t.notOk(Object.hasOwn(Child.prototype, 'greet'));

  t.throws(() => patchMethod({}, 'missing', (original) => original), /missing is not a function/);

  const owner = { run: () => 1 };
  const unpatchInner = patchMethod(owner, 'run', (original) => () => original.call(owner) + 1);
  const unpatchOuter = patchMethod(owner, 'run', (original) => () => original.call(owner) * 10);
  unpatchInner();
  t.equal(owner.run(), 20, 'somebody wrapped ours: it stays');
  unpatchOuter();
  t.equal(owner.run(), 2);
});

t.test('own properties of a patched function survive', async (t) => {
  const run = Object.assign(() => 1, { [Symbol.for('promisify')]: 'kept', extra: 2 });
  const owner = { run };
  patchMethod(owner, 'run', (original) => () => original());
  t.equal(owner.run.extra, 2);
  t.equal(owner.run[Symbol.for('promisify') as never], 'kept');
  t.ok(Object.keys(owner).includes('run'), 'still enumerable');
});

t.test('faults are counted, logged twice at most, and disable', async (t) => {
  const lines: string[] = [];
  const faults = new Faults('http', createLog('info', { write: (line) => lines.push(line) }));
  for (let count = 1; count <= 9; count++) faults.record(new Error(`fault ${count}`));
  t.equal(faults.isDisabled, false);
  faults.record('tenth');
  t.equal(faults.isDisabled, true);
  faults.record(Object.create(null));
  t.equal(faults.count, 11);
  t.equal(lines.length, 2);
  t.match(lines[0], /http failed: Error: fault 1/);
  t.match(lines[1], /http is off after 10 faults/);
});

t.test('a tie is invisible', async (t) => {
  const ties = createTie<string | undefined>();
  const others = createTie<string>();
  const emitter = Object.freeze(new EventEmitter());
  const plain = { a: 1 };
  const [before, inspected] = [Reflect.ownKeys(plain), inspect(plain, { showHidden: true })];
  ties.set(plain, 'state');
  t.equal(ties.get(plain), 'state');
  t.equal(others.get(plain), undefined, 'ties do not see each other');
  t.strictSame(Reflect.ownKeys(plain), before);
  t.equal(inspect(plain, { showHidden: true }), inspected);
  ties.set(plain, undefined);
  t.equal(ties.get(plain), undefined);
  ties.set(emitter, 'frozen');
  t.equal(ties.get(emitter), 'frozen', 'frozen objects can be tied as well');
  t.equal(ties.get(new EventEmitter()), undefined);
});

t.test('error.type has a low cardinality', async (t) => {
  const withCode = (code: unknown) => Object.assign(new Error('text 17'), { code });
  for (const [error, expected] of [
    [withCode('ECONNREFUSED'), 'ECONNREFUSED'],
    [withCode('ERR_STREAM_DESTROYED'), 'ERR_STREAM_DESTROYED'],
    [withCode(23), 'Error'],
    [withCode('order 17 failed'), 'Error'],
    [new TypeError('x'), 'TypeError'],
    [{}, '_OTHER'],
    ['text', '_OTHER'],
    [undefined, '_OTHER'],
    [null, '_OTHER'],
  ] as const) {
    t.equal(errorType(error), expected);
  }
  t.equal(isCancellation(Object.assign(new Error('x'), { name: 'AbortError' })), true);
  const timeout = Object.assign(new Error('x'), { name: 'TimeoutError' });
  t.equal(isCancellation(Object.assign(new Error('x'), { name: 'AbortError', cause: timeout })), false);
  t.equal(isCancellation(timeout), false);
  t.equal(isCancellation(undefined), false);
});

t.test('context values are those of @opentelemetry/core', async (t) => {
  t.equal(isSuppressed(suppressTracing(ROOT_CONTEXT)), true);
  t.equal(isSuppressed(ROOT_CONTEXT), false);
  t.equal(isTracingSuppressed(suppress(ROOT_CONTEXT)), true);
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
  const theirs = setRPCMetadata(ROOT_CONTEXT, { type: RPCType.HTTP, span, route: '/a' });
  t.equal(rpcMetadataOf(theirs)?.route, '/a');
  t.equal(rpcMetadataOf(ROOT_CONTEXT), undefined);
});

t.test('the context of a request is one like any other', async (t) => {
  const key = createContextKey('a key of the application');
  const span = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
  const metadata = { type: 'http' as const, span };
  const parent = ROOT_CONTEXT.setValue(key, 'inherited');
  const context = new ContextWithSpan(parent, span, metadata);
  t.equal(trace.getSpan(context), span);
  t.equal(getRPCMetadata(context), metadata);
  t.equal(context.getValue(key), 'inherited');
  t.equal(isTracingSuppressed(context), false);

  const derived = context.setValue(key, 'own');
  t.equal(derived.getValue(key), 'own');
  t.equal(trace.getSpan(derived), span);
  t.equal(getRPCMetadata(derived), metadata);
  t.equal(context.getValue(key), 'inherited', 'a context never changes');

  const without = trace.deleteSpan(context);
  t.equal(trace.getSpan(without), undefined);
  t.equal(getRPCMetadata(without), metadata);
  t.equal(trace.getSpan(context), span);
});
