/** What the exporter does when the port speaks another protocol than the default one, and nobody named a protocol. */
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { createTestPipeline } from '../helpers/pipeline.js';

t.test('HTTP at a grpc port: every span arrives once, over grpc, and the switch is said once', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const endpoint = `${collector.grpcUrl}/v1/traces`;
  const { pipeline, produce, account, lines } = createTestPipeline(t, {
    otlp: { endpoint, isProtocolExplicit: false },
  });
  for (let round = 1; round <= 3; round++) {
    produce(600);
    await pipeline.forceFlush();
    t.strictSame(account(), { created: round * 600, exported: round * 600, queued: 0, dropped: {} });
  }
  t.equal(collector.counts().duplicateSpans, 0);
  t.strictSame([...new Set(collector.requests().map(({ protocol }) => protocol))], ['grpc']);
  t.equal(lines.filter((line) => line.includes('TA3033')).length, 1, lines.join(''));
});

t.test('a collector of grpc that refuses has understood: its answer counts', async (t) => {
  const collector = await startCollector({ respond: () => ({ grpc: { code: 16, message: 'no' } }) });
  t.teardown(() => collector.close());
  const { pipeline, produce, account, lines } = createTestPipeline(t, {
    otlp: { endpoint: `${collector.grpcUrl}/v1/traces`, isProtocolExplicit: false },
  });
  produce(1);
  await pipeline.forceFlush();
  t.strictSame(account().dropped, { collector_rejected: 1 });
  t.match(lines, [/TA3033/, /TA3012: .*UNAUTHENTICATED/]);
});

t.test('grpc after a switch, then HTTP at the same place: switches back', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const endpoint = `${collector.httpUrl}/v1/traces`;
  const { pipeline, produce, account } = createTestPipeline(t, {
    otlp: { endpoint, protocol: 'grpc', isProtocolExplicit: false },
  });
  produce(10);
  await pipeline.forceFlush();
  t.strictSame(account(), { created: 10, exported: 10, queued: 0, dropped: {} });
  t.strictSame(
    collector.requests().map(({ protocol }) => protocol),
    ['http/protobuf'],
  );
});

t.test('a named protocol is never changed', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const { pipeline, produce, account, lines } = createTestPipeline(t, {
    otlp: { endpoint: `${collector.grpcUrl}/v1/traces`, isProtocolExplicit: true },
  });
  produce(1);
  await pipeline.forceFlush(1000);
  t.equal(account().exported, 0);
  t.match(lines, [/TA3011/]);
});
