/**
 * A certificate authority with server and client certificates, made anew for each test: nothing secret or expired in
 * the repository.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import t from 'tap';

/** PEM texts. */
export interface KeyPair {
  key: string;
  cert: string;
}

export interface CertificateSet {
  ca: KeyPair;
  /** For localhost, 127.0.0.1 and ::1. */
  server: KeyPair;
  /** Like `server`, but its validity ended yesterday. */
  expiredServer: KeyPair;
  /** Like `server`, but for the name `elsewhere.test` only. */
  wrongNameServer: KeyPair;
  /** Common name `trace-agent-client`. */
  client: KeyPair;
  /** Paths of the PEM files `ca.crt`, `server.crt`, `server.key`, `client.crt`, `client.key`; deleted at teardown. */
  files: { ca: string; serverCert: string; serverKey: string; clientCert: string; clientKey: string };
}

const DAY_MILLIS = 86_400_000;

/** Creates a complete set. Two calls give two authorities that do not trust each other. */
export async function createCertificates(): Promise<CertificateSet> {
  const ca = await createAuthority();
  const [server, expiredServer, wrongNameServer, client] = await Promise.all([
    issue(ca, { commonName: 'localhost', usage: 'serverAuth', names: ['localhost'], ips: ['127.0.0.1', '::1'] }),
    issue(ca, {
      commonName: 'localhost',
      usage: 'serverAuth',
      names: ['localhost'],
      ips: ['127.0.0.1'],
      endsInDays: -1,
    }),
    issue(ca, { commonName: 'elsewhere.test', usage: 'serverAuth', names: ['elsewhere.test'], ips: [] }),
    issue(ca, { commonName: 'trace-agent-client', usage: 'clientAuth', names: [], ips: [] }),
  ]);
  return { ca, server, expiredServer, wrongNameServer, client, files: writeFiles(ca, server, client) };
}

async function createAuthority(): Promise<KeyPair> {
  // The name is unique, so that a client meets a stranger's certificate as "unknown issuer", not as "bad signature".
  const made = await generate([{ name: 'commonName', value: `test authority ${randomUUID()}` }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...validity(30),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

interface Subject {
  commonName: string;
  usage: 'serverAuth' | 'clientAuth';
  names: string[];
  ips: string[];
  endsInDays?: number;
}

async function issue(ca: KeyPair, subject: Subject): Promise<KeyPair> {
  const altNames = [
    ...subject.names.map((value) => ({ type: 2 as const, value })),
    ...subject.ips.map((ip) => ({ type: 7 as const, ip })),
  ];
  const made = await generate([{ name: 'commonName', value: subject.commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...validity(subject.endsInDays ?? 30),
    ca,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', [subject.usage]: true },
      ...(altNames.length > 0 ? [{ name: 'subjectAltName' as const, altNames }] : []),
    ],
  });
  return { key: made.private, cert: made.cert };
}

function validity(endsInDays: number): { notBeforeDate: Date; notAfterDate: Date } {
  const now = Date.now();
  return {
    notBeforeDate: new Date(now - 10 * DAY_MILLIS),
    notAfterDate: new Date(now + endsInDays * DAY_MILLIS),
  };
}

function writeFiles(ca: KeyPair, server: KeyPair, client: KeyPair): CertificateSet['files'] {
  const folder = mkdtempSync(join(tmpdir(), 'trace-agent-certificates-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const write = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  return {
    ca: write('ca.crt', ca.cert),
    serverCert: write('server.crt', server.cert),
    serverKey: write('server.key', server.key),
    clientCert: write('client.crt', client.cert),
    clientKey: write('client.key', client.key),
  };
}
