/**
 * Grafana Tempo: an instrumented application sends, and Tempo's API answers the trace, by its id and to a search in TraceQL.
 * By hand, with a program that is there already, because no package registry has it: `TEMPO=/path/to/tempo npm run
 * backends:tempo`.
 */
import t from 'tap';
import { eventually, getJson } from '../helpers/backends.js';
import { frontAndBack, traceOnce } from '../helpers/chain.js';
import { startTempo } from '../helpers/tempo.js';

interface Attribute {
  readonly key: string;
  readonly value: { readonly stringValue?: string; readonly intValue?: string };
}

interface TempoSpan {
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: string;
  readonly attributes: readonly Attribute[];
}

/** OTLP, one of these for each resource. */
interface Batch {
  readonly resource: { readonly attributes: readonly Attribute[] };
  readonly scopeSpans: readonly { readonly spans: readonly TempoSpan[] }[];
}

interface Found {
  readonly traceID: string;
  readonly rootServiceName: string;
  readonly rootTraceName: string;
}

const attributeOf = (attributes: readonly Attribute[], key: string) =>
  attributes.find((attribute) => attribute.key === key)?.value;

const spansOf = (batches: readonly Batch[]) =>
  batches.flatMap(({ resource, scopeSpans }) => {
    const service = attributeOf(resource.attributes, 'service.name')?.stringValue;
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
  });

function draw(spans: ReturnType<typeof spansOf>, parent = '', depth = 0): string[] {
  return spans
    .filter(({ parentSpanId = '' }) => parentSpanId === parent)
    .flatMap(({ spanId, service, kind, name }) => [
      `${'  '.repeat(depth)}${service} ${kind.replace('SPAN_KIND_', '')} ${name}`,
      ...draw(spans, spanId, depth + 1),
    ]);
}

const command = process.env.TEMPO;

t.test('Tempo has the trace and finds it', { skip: command === undefined && 'npm run backends:tempo' }, async (t) => {
  const tempo = await startTempo(t, command ?? '');
  const read = async (traceId: string) => {
    const found = await getJson<{ batches: Batch[] }>(`${tempo.url}/api/traces/${traceId}`);
    return spansOf(found?.batches ?? []);
  };
  const search = async (query: string) => {
    const found = await getJson<{ traces: Found[] }>(`${tempo.url}/api/search?q=${encodeURIComponent(query)}`);
    return found?.traces ?? [];
  };

  const transports = [
    { protocol: 'http/protobuf', endpoint: tempo.httpUrl, compression: 'gzip', route: 'h' },
    { protocol: 'http/json', endpoint: tempo.httpUrl, compression: 'none', route: 'h' },
    { protocol: 'grpc', endpoint: tempo.grpcUrl, compression: 'gzip', route: 'g' },
  ];
  for (const [index, { protocol, endpoint, compression, route }] of transports.entries()) {
    await t.test(`${protocol}, ${compression}`, async (t) => {
      const env = {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      };
      const traceId = await traceOnce(t, tempo, frontAndBack(env, `-${index}`), route);
      const [front, back] = [`front-${index}`, `back-${index}`];
      const name = route === 'g' ? 'chain.Chain/Pass' : 'GET';

      const spans = await eventually(
        () => read(traceId),
        (found) => found.length >= 3,
      );
      t.equal(
        draw(spans).join('\n'),
        [`${front} SERVER GET`, `  ${front} CLIENT ${name}`, `    ${back} SERVER ${name}`].join('\n'),
      );
      const [root] = spans.filter(({ service, kind }) => service === front && kind === 'SPAN_KIND_SERVER');
      t.match(attributeOf(root?.attributes ?? [], 'http.response.status_code'), { intValue: '200' });

      const calls = `{ resource.service.name = "${front}" && kind = client } > { resource.service.name = "${back}" }`;
      const found = await eventually(
        () => search(calls),
        (traces) => traces.length > 0,
      );
      t.match(found, [{ rootServiceName: front, rootTraceName: 'GET' }]);
      // Its search leaves leading zeros out.
      t.same(
        found.map(({ traceID }) => traceID.padStart(32, '0')),
        [traceId],
      );
      t.same(await search(`{ resource.service.name = "${back}" && status = error }`), []);
    });
  }
});
