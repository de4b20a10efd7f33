/** The message of each class of failure. Data only. */
import type { CodeOf } from '../diag/catalogue.js';
import type { FailureClass } from './protocol.js';

export const FAILURE_CODES: Readonly<Record<FailureClass, CodeOf<'error'>>> = {
  refused: 'TA3001',
  dns: 'TA3002',
  unreachable: 'TA3003',
  reset: 'TA3004',
  timeout: 'TA3005',
  tls_untrusted: 'TA3006',
  tls_expired: 'TA3007',
  tls_hostname: 'TA3008',
  tls_files: 'TA3009',
  tls: 'TA3010',
  wrong_protocol: 'TA3011',
  unauthorized: 'TA3012',
  not_found: 'TA3013',
  bad_request: 'TA3014',
  too_large: 'TA3015',
  overloaded: 'TA3016',
  server_error: 'TA3017',
  proxy: 'TA3018',
  garbage: 'TA3019',
  headers: 'TA3020',
  spool: 'TA3021',
  exporter_fault: 'TA3022',
};
