/**
 * The server's half of a login to Oracle Database with a verifier of 11g: each side encrypts half of a session's key with
 * what it knows of the password, and both halves together are the key that the password is sent with.
 */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Pairs } from './oracle-wire.js';

const ALGORITHM = 'aes-192-cbc';
const KEY_LENGTH = 24;
const HALF_LENGTH = 48;
const VERIFIER_11G = 0x1b25;
const START = Buffer.alloc(16);

const hex = (content: Buffer): string => content.toString('hex').toUpperCase();
const digest = (algorithm: string, ...parts: Buffer[]): Buffer =>
  createHash(algorithm).update(Buffer.concat(parts)).digest();

function encrypt(key: Buffer, content: Buffer): Buffer {
  const cipher = createCipheriv(ALGORITHM, key, START).setAutoPadding(false);
  return Buffer.concat([cipher.update(content), cipher.final()]);
}

function decrypt(key: Buffer, content: Buffer): Buffer {
  const decipher = createDecipheriv(ALGORITHM, key, START).setAutoPadding(false);
  return Buffer.concat([decipher.update(content), decipher.final()]);
}

/** The value behind that key: the length of the length, the length, the same again in one byte, the text in hexadecimal. */
function valueBehind(message: Buffer, key: string): Buffer {
  const start = message.indexOf(key) + key.length;
  const size = start + 1 + (message[start] ?? 0);
  return Buffer.from(message.toString('latin1', size + 1, size + 1 + (message[size] ?? 0)), 'hex');
}

/** One login. */
export class OracleLogin {
  readonly #password: string;
  readonly #salt = randomBytes(10);
  readonly #half = randomBytes(HALF_LENGTH);
  readonly #key: Buffer;

  constructor(password: string) {
    this.#password = password;
    this.#key = Buffer.concat([digest('sha1', Buffer.from(password), this.#salt), Buffer.alloc(4)]);
  }

  challenge(): Pairs {
    const verifier = { text: hex(this.#salt), flag: VERIFIER_11G };
    return { AUTH_SESSKEY: hex(encrypt(this.#key, this.#half)), AUTH_VFR_DATA: verifier };
  }

  /** What proves that the server knows the password, too. Undefined: the client does not. */
  answer(message: Buffer): Pairs | undefined {
    const other = decrypt(this.#key, valueBehind(message, 'AUTH_SESSKEY'));
    const mixed = Buffer.from(this.#half.subarray(16, 40).map((byte, index) => byte ^ (other[index + 16] ?? 0)));
    const both = Buffer.concat([digest('md5', mixed.subarray(0, 16)), digest('md5', mixed.subarray(16))]);
    const key = both.subarray(0, KEY_LENGTH);
    const padded = decrypt(key, valueBehind(message, 'AUTH_PASSWORD'));
    const password = padded.subarray(16, padded.length - (padded.at(-1) ?? 0)).toString();
    if (password !== this.#password) return undefined;
    const proof = Buffer.concat([randomBytes(16), Buffer.from('SERVER_TO_CLIENT')]);
    return { AUTH_SVR_RESPONSE: hex(encrypt(key, proof)) };
  }
}
