/**
 * CA, client certificate and key from files that may be replaced while the process runs (cert-manager and the like
 * swap a symbolic link). Worker; loads node:fs.
 */
import { readFileSync, statSync } from 'node:fs';

export interface TlsFileNames {
  readonly certificateFile: string | undefined;
  readonly clientCertificateFile: string | undefined;
  readonly clientKeyFile: string | undefined;
}

export interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Grows with every change of a file's content. */
export interface TlsMaterial {
  readonly version: number;
  readonly options: TlsOptions;
}

/** Carries a code that failure.ts knows. */
class TlsFileError extends Error {
  readonly code = 'ERR_TLS_FILES';
}

function stampOf(file: string): string {
  const { mtimeMs, size, ino } = statSync(file);
  return `${mtimeMs}:${size}:${ino}`;
}

/** Node.js says nothing about an authority file that holds something else, and then trusts nobody. */
function readPem(file: string): Buffer {
  const content = readFileSync(file);
  if (!content.includes('-----BEGIN ')) throw new Error(`${file} holds no PEM text`);
  return content;
}

export class TlsFiles {
  readonly #files: readonly (readonly [keyof TlsOptions, string])[];
  #stamp: string | undefined;
  #material: TlsMaterial = { version: 0, options: {} };

  constructor(names: TlsFileNames) {
    const entries = [
      ['ca', names.certificateFile],
      ['cert', names.clientCertificateFile],
      ['key', names.clientKeyFile],
    ] as const;
    this.#files = entries.filter((entry): entry is ['ca' | 'cert' | 'key', string] => entry[1] !== undefined);
  }

  /**
   * The current content; cheap when nothing changed. In the middle of a rotation, when a file cannot be read, the
   * previous content stays in use. Throws when there never was any.
   */
  read(): TlsMaterial {
    if (this.#files.length === 0) return this.#material;
    try {
      const stamp = this.#files.map(([, file]) => stampOf(file)).join(' ');
      if (stamp === this.#stamp) return this.#material;
      const options = Object.fromEntries(this.#files.map(([name, file]) => [name, readPem(file)]));
      this.#material = { version: this.#material.version + 1, options };
      this.#stamp = stamp;
    } catch (error) {
      if (this.#stamp === undefined) throw new TlsFileError(error instanceof Error ? error.message : String(error));
    }
    return this.#material;
  }
}
