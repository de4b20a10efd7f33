/**
 * Grafana Tempo for tests by hand: a program that is there already, on free ports.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import { eventually, otlp, start, writeConfig } from './backends.js';
import { findFreePort } from './ports.js';

export interface Tempo {
  readonly url: string;
  readonly httpUrl: string;
  readonly grpcUrl: string;
}

/** The program `command` as one process that stores in its folder, and shows at once what it received. */
export async function startTempo(t: Test, command: string): Promise<Tempo> {
  const [internal = 0, gossip = 0, grpc = 0, http = 0] = await Promise.all([1, 2, 3, 4].map(findFreePort));
  const host = '127.0.0.1';
  const ring = { kvstore: { store: 'inmemory' }, instance_addr: host };
  let url = '';
  await start(t, 'tempo', (place) => {
    url = `http://${host}:${place.port}`;
    const config = {
      // It would report to its makers.
      usage_report: { reporting_enabled: false },
      server: {
        http_listen_address: host,
        http_listen_port: place.port,
        grpc_listen_address: host,
        grpc_listen_port: internal,
      },
      memberlist: { bind_addr: [host], bind_port: gossip },
      distributor: { ring, receivers: { otlp: otlp(grpc, http) } },
      metrics_generator: { ring },
      ingester: {
        lifecycler: {
          address: host,
          ring: { kvstore: ring.kvstore, replication_factor: 1 },
          min_ready_duration: '0s',
          final_sleep: '0s',
        },
        trace_idle_period: '100ms',
        flush_check_period: '100ms',
      },
      storage: {
        trace: {
          backend: 'local',
          local: { path: join(place.folder, 'blocks') },
          wal: { path: join(place.folder, 'wal') },
        },
      },
    };
    const args = ['-target=all', `-config.file=${writeConfig(place, 'tempo.yaml', config)}`];
    return { command, args, ready: /msg="Tempo started"/ };
  });
  const isReady = () => fetch(`${url}/ready`).then(({ ok }) => ok);
  await eventually(isReady, Boolean);
  return { url, httpUrl: `http://${host}:${http}`, grpcUrl: `http://${host}:${grpc}` };
}
