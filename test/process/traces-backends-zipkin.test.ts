/**
 * The real Zipkin server: an instrumented application sends with the zipkin exporter, and Zipkin's API answers the trace
 * and who calls whom.
 */
import t from 'tap';
import { eventually, getJson, startZipkin } from '../helpers/backends.js';
import { type Link, startChain } from '../helpers/chain.js';
import { installedOrSkip } from '../helpers/installed.js';

interface ZipkinSpan {
  readonly id: string;
  readonly parentId?: string;
  readonly kind: string;
  readonly name: string;
  readonly localEndpoint: { readonly serviceName: string };
  readonly tags: Readonly<Record<string, string>>;
}

function draw(spans: readonly ZipkinSpan[], parent?: string, depth = 0): string[] {
  return spans
    .filter(({ parentId }) => parentId === parent)
    .flatMap(({ id, kind, name, localEndpoint }) => [
      `${'  '.repeat(depth)}${localEndpoint.serviceName} ${kind} ${name}`,
      ...draw(spans, id, depth + 1),
    ]);
}

t.test('Zipkin has the trace and who calls whom', async (t) => {
  if (!(await installedOrSkip(t, 'java'))) return;
  const zipkin = await startZipkin(t);
  const env = { OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${zipkin}/api/v2/spans` };
  const links = ['front', 'back'].map((name): Link => ({ name, language: 'node', env }));
  const chain = await startChain({ httpUrl: '', grpcUrl: '' }, links);
  t.teardown(() => chain.stop());
  const [, back] = await chain.ask('h');
  const traceId = back?.headers.traceparent?.split('-')[1];

  const read = () => getJson<ZipkinSpan[]>(`${zipkin}/api/v2/trace/${traceId}`);
  const spans = (await eventually(read, (found) => (found?.length ?? 0) >= 3)) ?? [];
  // Zipkin writes names in lower case.
  t.equal(draw(spans).join('\n'), ['front SERVER get', '  front CLIENT get', '    back SERVER get'].join('\n'));
  t.match(spans.find(({ localEndpoint }) => localEndpoint.serviceName === 'back')?.tags, {
    'http.request.method': 'GET',
    'http.response.status_code': '200',
    'url.path': '/pass',
  });
  t.same(await getJson(`${zipkin}/api/v2/dependencies?endTs=${Date.now()}&lookback=3600000`), [
    { parent: 'front', child: 'back', callCount: 1 },
  ]);
});
