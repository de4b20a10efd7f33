/**
 * A checkout through four services, written by hand, for tests of the viewer:
 *
 *     gateway SERVER POST /checkout ─┬─ CLIENT ─ catalog SERVER GetItem ─ PostgreSQL
 *                                    └─ CLIENT ─ orders SERVER POST /orders ─┬─ PostgreSQL
 *                                                                            ├─ CLIENT bank (untraced, fails)
 *                                                                            └─ PRODUCER ─ worker CONSUMER ─ Redis
 */
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { exceptionEvent, makeSpan } from './make-span.js';

const http = (method: string, url: string, code: number) => ({
  'http.request.method': method,
  'url.full': url,
  'http.response.status_code': code,
});
const grpc = {
  'rpc.system': 'grpc',
  'rpc.service': 'shop.Catalog',
  'rpc.method': 'GetItem',
  'rpc.grpc.status_code': 0,
};
const postgres = {
  'db.system.name': 'postgresql',
  'db.namespace': 'shop',
  'server.address': 'db',
  'server.port': 5432,
};

export function shopTrace(): SpanRecord[] {
  return [
    makeSpan(1, undefined, {
      service: 'shop-gateway',
      name: 'POST /checkout',
      kind: 'SERVER',
      millis: 48.2,
      attributes: { 'http.request.method': 'POST', 'url.path': '/checkout', 'http.response.status_code': 502 },
      error: '',
    }),
    makeSpan(2, 1, {
      service: 'shop-gateway',
      name: 'grpc.shop.Catalog/GetItem',
      kind: 'CLIENT',
      startMillis: 1.2,
      millis: 11.6,
      attributes: grpc,
    }),
    makeSpan(3, 2, {
      service: 'shop-catalog',
      name: 'grpc.shop.Catalog/GetItem',
      kind: 'SERVER',
      startMillis: 2.6,
      millis: 9.4,
      attributes: grpc,
    }),
    makeSpan(4, 3, {
      service: 'shop-catalog',
      name: 'pg-pool.connect',
      kind: 'CLIENT',
      startMillis: 2.9,
      millis: 0.04,
      attributes: { 'db.system.name': 'postgresql', 'db.namespace': 'shop' },
    }),
    makeSpan(5, 3, {
      service: 'shop-catalog',
      name: 'pg.query:SELECT shop',
      kind: 'CLIENT',
      startMillis: 3.1,
      millis: 7.35,
      attributes: { ...postgres, 'db.query.text': 'SELECT id, title, price\n  FROM items\n  WHERE id = $1' },
    }),
    makeSpan(6, 1, {
      service: 'shop-gateway',
      name: 'POST',
      kind: 'CLIENT',
      startMillis: 13.4,
      millis: 34.1,
      attributes: http('POST', 'http://orders:3002/orders', 500),
      error: '',
    }),
    makeSpan(7, 6, {
      service: 'shop-orders',
      name: 'POST /orders',
      kind: 'SERVER',
      startMillis: 14.8,
      millis: 31.9,
      attributes: { 'http.request.method': 'POST', 'url.path': '/orders', 'http.response.status_code': 500 },
      error: 'card declined',
      events: [exceptionEvent('PaymentError', 'card declined')],
    }),
    makeSpan(8, 7, {
      service: 'shop-orders',
      name: 'pg.query:INSERT shop',
      kind: 'CLIENT',
      startMillis: 15.5,
      millis: 4.02,
      attributes: { ...postgres, 'db.query.text': 'INSERT INTO orders (item, quantity) VALUES ($1, $2)' },
      status: { code: 'OK', message: '' },
    } as Parameters<typeof makeSpan>[2]),
    makeSpan(9, 7, {
      service: 'shop-orders',
      name: 'POST',
      kind: 'CLIENT',
      startMillis: 20.1,
      millis: 18.7,
      attributes: { ...http('POST', 'http://bank.test/charge', 402), 'server.address': 'bank.test', 'server.port': 80 },
      error: '',
    }),
    makeSpan(10, 7, {
      service: 'shop-orders',
      name: 'send mails',
      kind: 'PRODUCER',
      startMillis: 39.3,
      millis: 2.2,
      attributes: { 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'mails' },
    }),
    makeSpan(11, 10, {
      service: 'shop-worker',
      name: 'process mails',
      kind: 'CONSUMER',
      startMillis: 42.4,
      millis: 3.1,
      attributes: { 'messaging.system': 'rabbitmq', 'messaging.destination.name': 'mails' },
    }),
    makeSpan(12, 11, {
      service: 'shop-worker',
      name: 'redis-SET',
      kind: 'CLIENT',
      startMillis: 43.0,
      millis: 0.412,
      attributes: { 'db.system': 'redis', 'db.statement': 'SET mail:7 [1 other arguments]', 'net.peer.name': 'cache' },
    }),
  ];
}
