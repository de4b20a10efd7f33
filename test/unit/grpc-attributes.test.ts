/** Who is called, by the target of a channel and by what a call says of its peer; names of status codes. */

import { status as GRPC_STATUS } from '@grpc/grpc-js';
import type { Span } from '@opentelemetry/api';
import t from 'tap';
import { methodOf, parsePeer, parseTarget } from '../../src/instrumentation/grpc/attributes.js';
import { isServerError, recordStatus } from '../../src/instrumentation/grpc/status.js';

t.test('a target names a host and a port, or is the address as a whole', async (t) => {
  for (const [target, address, port] of [
    ['dns:127.0.0.1:50051', '127.0.0.1', 50051],
    ['dns:grpc.io:50051', 'grpc.io', 50051],
    ['dns:///grpc.io:50051', 'grpc.io', 50051],
    ['dns://1.2.3.4/grpc.io:50051', 'grpc.io', 50051],
    ['dns:localhost', 'localhost', undefined],
    ['dns:[::1]:50051', '::1', 50051],
    ['ipv6:[::1]:50051', '::1', 50051],
    ['ipv4:198.51.100.1:443', '198.51.100.1', 443],
    ['ipv4:198.51.100.1:1,198.51.100.2:2', 'ipv4:198.51.100.1:1,198.51.100.2:2', undefined],
    ['unix:///run/x.sock', '/run/x.sock', undefined],
    ['unix:/run/x.sock', '/run/x.sock', undefined],
    ['unix:x.sock', 'x.sock', undefined],
    ['zk://zookeeper:2181/my-server', 'zk://zookeeper:2181/my-server', undefined],
    ['xds:///name', 'xds:///name', undefined],
    ['dns:', 'dns:', undefined],
    ['', '', undefined],
  ] as const) {
    t.strictSame(parseTarget(target), { address, port }, target);
  }
});

t.test('a peer is an address and a port, with or without brackets, or a path', async (t) => {
  for (const [peer, address, port] of [
    ['127.0.0.1:50051', '127.0.0.1', 50051],
    ['[::1]:50051', '::1', 50051],
    ['::1:50051', '::1', 50051],
    ['/run/x.sock', '/run/x.sock', undefined],
    ['/run/x:1', '/run/x:1', undefined],
    ['x.sock', 'x.sock', undefined],
    ['a:b', 'a:b', undefined],
    ['a:', 'a:', undefined],
  ] as const) {
    t.strictSame(parsePeer(peer), { address, port }, peer);
  }
});

t.test('a path without its slash is the method', async (t) => {
  t.equal(methodOf('/shop.v1.Catalog/Get'), 'shop.v1.Catalog/Get');
  t.equal(methodOf('Get'), 'Get');
  t.equal(methodOf(''), '');
});

t.test('status codes have the names that gRPC gives them', async (t) => {
  const recorded: Record<string, unknown> = {};
  const statuses: unknown[] = [];
  const span = {
    setAttribute: (key: string, value: unknown) => {
      recorded[key] = value;
    },
    setStatus: (status: unknown) => statuses.push(status),
  } as unknown as Span;
  for (const [name, code] of Object.entries(GRPC_STATUS).filter(([, code]) => typeof code === 'number')) {
    recordStatus(span, Number(code), false, undefined);
    t.equal(recorded['rpc.response.status_code'], name);
  }
  for (const [code, name] of [
    [17, '17'],
    [-1, '-1'],
    [Number.NaN, 'NaN'],
  ] as const) {
    recordStatus(span, code, false, undefined);
    t.equal(recorded['rpc.response.status_code'], name);
  }
  t.strictSame(statuses, []);
  recordStatus(span, 13, isServerError(13), 'why');
  recordStatus(span, 14, isServerError(14), '');
  t.equal(recorded['error.type'], 'UNAVAILABLE');
  t.strictSame(statuses, [{ code: 2, message: 'why' }, { code: 2 }]);
});
