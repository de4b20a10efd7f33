/** Settings of the OTLP exporter: endpoints, headers, the signal's variable over the general one. */
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import type { ConfigProblem, OtlpConfig } from '../../src/config/types.js';

const PREFIX = 'OTEL_EXPORTER_OTLP_';

interface Result extends OtlpConfig {
  readonly problems: readonly ConfigProblem[];
  readonly messages: string;
}

/** Keys without their prefix: `{ ENDPOINT: 'http://c' }`. */
function otlp(variables: Record<string, string>): Result {
  const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [PREFIX + name, value]));
  const { config, problems } = loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...env });
  return { ...config.otlp, problems, messages: problems.map((problem) => problem.message).join('\n') };
}

t.test('http: the path of the general endpoint is a base', async (t) => {
  for (const [endpoint, url] of [
    ['http://c:4318', 'http://c:4318/v1/traces'],
    ['http://c:4318/', 'http://c:4318/v1/traces'],
    ['HTTPS://C/base', 'https://c/base/v1/traces'],
    ['http://c:4318/base/', 'http://c:4318/base/v1/traces'],
    ['http://c:4318/base//', 'http://c:4318/base/v1/traces'],
    ['https://c/base?key=1#x', 'https://c/base/v1/traces?key=1'],
    ['http://[::1]:4318', 'http://[::1]:4318/v1/traces'],
    ['https://user:pw@c', 'https://user:pw@c/v1/traces'],
  ] as const) {
    const result = otlp({ ENDPOINT: endpoint });
    t.equal(result.endpoint, url, endpoint);
    t.equal(result.isEndpointExplicit, true);
    t.equal(result.isInsecure, url.startsWith('http:'));
    t.same(result.problems, []);
  }
});

t.test('http: a base that has the path of the signal already is not doubled', async (t) => {
  for (const endpoint of ['http://c:4318/v1/traces', 'http://c:4318/v1/traces/']) {
    const result = otlp({ ENDPOINT: endpoint });
    t.equal(result.endpoint, 'http://c:4318/v1/traces');
    t.equal(result.problems.length, 1);
    t.match(result.messages, /ends in \/v1\/traces already.*OTEL_EXPORTER_OTLP_TRACES_ENDPOINT the whole URL/);
  }
});

t.test('http: the endpoint of the signal is used as it is', async (t) => {
  t.equal(otlp({ TRACES_ENDPOINT: 'http://c:4318/x?y=1', ENDPOINT: 'http://d' }).endpoint, 'http://c:4318/x?y=1');
  t.same(otlp({ TRACES_ENDPOINT: 'http://c:4318/x/' }).problems, []);
  const withoutPath = otlp({ TRACES_ENDPOINT: 'http://c:4318' });
  t.equal(withoutPath.endpoint, 'http://c:4318/');
  t.match(withoutPath.messages, 'has no path and nothing is added to it; most receivers need http://c:4318/v1/traces');
});

t.test('http: without a scheme http is assumed', async (t) => {
  for (const [endpoint, url] of [
    ['collector:4318', 'http://collector:4318/v1/traces'],
    ['localhost:4318', 'http://localhost:4318/v1/traces'],
    ['10.0.0.1:4318', 'http://10.0.0.1:4318/v1/traces'],
    ['collector', 'http://collector/v1/traces'],
    ['collector:4318/base', 'http://collector:4318/base/v1/traces'],
  ] as const) {
    const result = otlp({ ENDPOINT: endpoint });
    t.equal(result.endpoint, url, endpoint);
    t.equal(result.problems.length, 1);
    t.match(result.messages, 'has no scheme; using http://');
  }
});

t.test('an endpoint that is no URL gives the next one, with an error', async (t) => {
  for (const bad of [
    'http://',
    'http://a b',
    'http//c:4318',
    'ftp://c',
    'grpc://c:4317',
    '::',
    'http://c:99999',
    '/x',
  ]) {
    for (const protocol of ['http/protobuf', 'grpc']) {
      const result = otlp({ TRACES_ENDPOINT: bad, ENDPOINT: 'http://d:1', PROTOCOL: protocol });
      t.equal(result.endpoint, protocol === 'grpc' ? 'http://d:1' : 'http://d:1/v1/traces', `${protocol} ${bad}`);
      t.match(result.problems, [{ severity: 'error', variable: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' }]);
      t.match(result.messages, JSON.stringify(bad), 'the text is shown');
      const alone = otlp({ ENDPOINT: bad, PROTOCOL: protocol });
      t.equal(alone.endpoint, protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318/v1/traces');
      t.equal(alone.isEndpointExplicit, false);
      t.match(alone.messages, /using the default endpoint$/);
    }
  }
});

t.test('a Kubernetes $(NAME) that was not replaced is explained', async (t) => {
  const result = otlp({ ENDPOINT: 'http://$(NODE_IP):4318' });
  t.equal(result.endpoint, 'http://localhost:4318/v1/traces');
  t.match(result.messages, 'contains $(NODE_IP), which was not replaced by its value (in a Kubernetes manifest');
});

t.test('grpc: scheme and authority count', async (t) => {
  for (const [endpoint, used] of [
    ['http://c:4317', 'http://c:4317'],
    ['https://c:4317/', 'https://c:4317'],
    ['https://c', 'https://c'],
    ['http://user:pw@[::1]:4317', 'http://[::1]:4317'],
    ['http://c:80', 'http://c:80'],
    ['unix:///run/otel.sock', 'unix:///run/otel.sock'],
    ['unix:run/otel.sock', 'unix:run/otel.sock'],
  ] as const) {
    for (const name of ['ENDPOINT', 'TRACES_ENDPOINT']) {
      t.equal(otlp({ [name]: endpoint, PROTOCOL: 'grpc' }).endpoint, used, endpoint);
    }
  }
  t.same(otlp({ ENDPOINT: 'http://c:4317', PROTOCOL: 'grpc' }).problems, []);
  t.match(otlp({ ENDPOINT: 'http://c:4317/v1/traces', PROTOCOL: 'grpc' }).problems, [{ severity: 'info' }]);
  t.match(otlp({ ENDPOINT: 'http://c', PROTOCOL: 'grpc' }).messages, 'has no port; using http://c:80');
});

t.test('grpc: without a scheme INSECURE decides about TLS; a scheme wins over it', async (t) => {
  const tls = otlp({ ENDPOINT: 'c:4317', PROTOCOL: 'grpc' });
  t.match(tls, { endpoint: 'https://c:4317', isInsecure: false });
  t.match(tls.messages, 'has no scheme, so TLS is used (https://c:4317); write http:// before it');
  const plain = otlp({ ENDPOINT: 'c:4317', PROTOCOL: 'grpc', INSECURE: 'true' });
  t.match(plain, { endpoint: 'http://c:4317', isInsecure: true });
  t.match(plain.problems, [{ severity: 'info' }]);
  const signal = otlp({ ENDPOINT: 'c:4317', PROTOCOL: 'grpc', INSECURE: 'true', TRACES_INSECURE: 'false' });
  t.match(signal, { endpoint: 'https://c:4317', isInsecure: false });
  const obsolete = otlp({ ENDPOINT: 'c:4317', PROTOCOL: 'grpc', SPAN_INSECURE: 'true' });
  t.equal(obsolete.endpoint, 'http://c:4317');
  t.match(otlp({ ENDPOINT: 'http://c:4317', PROTOCOL: 'grpc', INSECURE: 'false' }), { isInsecure: true, problems: [] });
  const scheme = otlp({ ENDPOINT: 'https://c:4317', PROTOCOL: 'grpc', INSECURE: 'true' });
  t.match(scheme, { endpoint: 'https://c:4317', isInsecure: false });
  t.match(scheme.messages, 'OTEL_EXPORTER_OTLP_INSECURE=true has no effect');
  t.equal(otlp({ ENDPOINT: 'unix:/s', PROTOCOL: 'grpc' }).isInsecure, false);
  t.equal(otlp({ ENDPOINT: 'unix:/s', PROTOCOL: 'grpc', INSECURE: 'true' }).isInsecure, true);
});

t.test('ports of the other protocol', async (t) => {
  t.match(
    otlp({ ENDPOINT: 'http://c:4317', PROTOCOL: 'http/json' }).messages,
    /4317, usually grpc.*OTEL_EXPORTER_OTLP_PROTOCOL=grpc/,
  );
  t.same(otlp({ ENDPOINT: 'http://c:4317' }).problems, [], 'what the port speaks is found out later');
  t.match(otlp({ TRACES_ENDPOINT: 'http://c:4317/v1/traces', PROTOCOL: 'http/json' }).messages, /4317, usually grpc/);
  const grpc = otlp({ ENDPOINT: 'http://c:4318', PROTOCOL: 'grpc' });
  t.equal(grpc.endpoint, 'http://c:4318', 'used all the same');
  t.match(grpc.messages, /4318, usually HTTP.*OTEL_EXPORTER_OTLP_PROTOCOL=http\/protobuf/);
});

t.test('headers: decoded, merged, the signal wins in any case of the name', async (t) => {
  const { headers, problems } = otlp({
    HEADERS: 'Authorization=Basic abc==, x-a = 1 ,x-b=%20%2C%3D%25,x-c=a b',
    TRACES_HEADERS: 'authorization=Bearer%20t,x-d=4',
  });
  t.same(headers, { authorization: 'Bearer t', 'x-a': '1', 'x-b': ' ,=%', 'x-c': 'a b', 'x-d': '4' });
  t.same(problems, []);
  t.same(Object.keys(otlp({ HEADERS: '__proto__=x,constructor=y' }).headers), ['__proto__', 'constructor']);
});

t.test('headers: bad entries are left out in one line without any value', async (t) => {
  const secret = 's3cr3t';
  const { headers, problems, messages } = otlp({
    HEADERS: [
      'good=1',
      secret,
      `Authorization: Bearer ${secret}=1`,
      `x-percent=${secret}%zz`,
      `x-break=${secret}%0Ax`,
      `${secret}=`,
    ].join(','),
  });
  t.same(headers, { good: '1' });
  t.equal(problems.length, 1);
  t.notMatch(messages, secret);
  t.notMatch(messages, 'Bearer');
  t.match(
    messages,
    /entry 2 has no "="; entry 3 has a name.*; x-percent has a value.*; x-break has a value.*; entry 6 /,
  );
});

t.test('headers: what HTTP and gRPC accept', async (t) => {
  t.same(otlp({ HEADERS: 'x=caf%C3%A9' }).headers, { x: 'café' });
  t.same(otlp({ HEADERS: 'x=%E2%82%AC' }).headers, {}, 'not Latin-1');
  t.same(otlp({ HEADERS: "x!'*=1" }).headers, { "x!'*": '1' });
  t.same(otlp({ HEADERS: 'x=caf%C3%A9,y=1,z-bin=AA,a!=2', PROTOCOL: 'grpc' }).headers, { y: '1' });
  const properties = otlp({ HEADERS: 'x=1;y,z=%3B' });
  t.same(properties.headers, { x: '1', z: ';' });
  t.match(properties.messages, 'what follows a ";" is left out');
});

t.test('the variable of the signal wins; a bad one counts as unset', async (t) => {
  const both = otlp({
    PROTOCOL: 'grpc',
    TRACES_PROTOCOL: 'HTTP/JSON',
    TIMEOUT: '1',
    TRACES_TIMEOUT: '0',
    COMPRESSION: 'gzip',
    TRACES_COMPRESSION: 'none',
    CERTIFICATE: '/a',
    TRACES_CERTIFICATE: ' /b ',
  });
  t.match(both, { protocol: 'http/json', isProtocolExplicit: true, timeoutMillis: Number.POSITIVE_INFINITY });
  t.match(both, { compression: 'none', certificateFile: '/b', problems: [] });
  const bad = otlp({ PROTOCOL: 'grpc', TRACES_PROTOCOL: 'thrift', TIMEOUT: '1', TRACES_TIMEOUT: '1s' });
  t.match(bad, { protocol: 'grpc', isProtocolExplicit: true, timeoutMillis: 1 });
  t.match(
    bad.messages,
    /OTLP_TRACES_PROTOCOL="thrift" is not one of .*; using grpc\n.*TRACES_TIMEOUT="1s".*; using 1$/,
  );
  t.match(otlp({ PROTOCOL: 'http' }), { protocol: 'http/protobuf', isProtocolExplicit: false });
});

t.test('mTLS needs key and certificate', async (t) => {
  const pair = otlp({ CLIENT_KEY: '/k', TRACES_CLIENT_CERTIFICATE: '/c' });
  t.match(pair, { clientKeyFile: '/k', clientCertificateFile: '/c', problems: [] });
  const half = otlp({ CLIENT_KEY: '/k' });
  t.match(half, { clientKeyFile: undefined, clientCertificateFile: undefined });
  t.match(half.messages, 'OTEL_EXPORTER_OTLP_CLIENT_KEY is set without OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE');
});

t.test('credentials and query of an endpoint are in no message', async (t) => {
  for (const protocol of ['http/protobuf', 'grpc']) {
    for (const endpoint of ['https://u:s3cr3t@c:4317/p?k=s3cr3t', 'u:s3cr3t@c:4317?k=s3cr3t', 'ftp://u:s3cr3t@c']) {
      const { messages } = otlp({ TRACES_ENDPOINT: endpoint, PROTOCOL: protocol });
      t.not(messages, '', endpoint);
      t.notMatch(messages, 's3cr3t');
    }
  }
});

t.test('a % in credentials that starts no escape stands for itself, and is told', async (t) => {
  for (const [given, used] of [
    ['p%ss', 'p%25ss'],
    ['100%', '100%25'],
    ['a%20b%', 'a%20b%25'],
    ['%ff', '%25ff'],
    ['p%40s%ff%', 'p%40s%25ff%25'],
  ] as const) {
    for (const [name, path] of [
      ['ENDPOINT', '/v1/traces'],
      ['TRACES_ENDPOINT', '/here'],
    ] as const) {
      const result = otlp({ [name]: `http://${given}:${given}@c:4318${name === 'ENDPOINT' ? '' : '/here'}` });
      t.equal(result.endpoint, `http://${used}:${used}@c:4318${path}`);
      t.same(
        result.problems.map(({ code, variable }) => [code, variable]),
        [['TA1123', PREFIX + name]],
      );
      t.match(result.messages, /write %25/);
      t.notMatch(result.messages, given);
    }
  }
  const endpoint = 'http://user:100%@c:9411/api/v2/spans';
  const { config, problems } = loadConfig({ OTEL_NODE_ENV_FILE: 'none', OTEL_EXPORTER_ZIPKIN_ENDPOINT: endpoint });
  t.equal(config.zipkin.endpoint, 'http://user:100%25@c:9411/api/v2/spans');
  t.match(problems, [{ code: 'TA1123', variable: 'OTEL_EXPORTER_ZIPKIN_ENDPOINT' }]);
  t.same(otlp({ ENDPOINT: 'http://user:p%25ss%20@c' }).problems, []);
});
