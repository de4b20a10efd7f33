/**
 * Answers like Oracle Database 12.1 to what the program of the tests asks: logins, statements, transactions and pings.
 * Every query has two rows, one of a table with no such name fails, `lost` loses the connection and `killed` ends the session.
 * A double: the server itself is in no package registry, and its protocol (TNS, TTC inside) is public only as clients of it.
 */
import { createServer, type Socket } from 'node:net';
import type { Test } from 'tap';
import { OracleLogin } from './oracle-login.js';
import { bytes, HEADER_LENGTH, outcome, packet, parameters, result, status, u8, u16, u32 } from './oracle-wire.js';

/** Types of packets. */
const CONNECT = 1;
const ACCEPT = 2;
const REFUSE = 4;
const DATA = 6;

/** Data packets have flags in front. */
const FLAGS = u16(0);

/** Types of messages. */
const PROTOCOL = 1;
const DATA_TYPES = 2;
const FUNCTION = 3;

/** Functions. */
const EXECUTE = 94;
const LOGIN_PASSWORD = 115;
const LOGIN_NAME = 118;

const SERVICE = 'shop';
const PASSWORD = 'secret';
const VERSION_12_1 = 0x0c_10_02_00;
/** The first with long lengths, and the only thing that is new in it. */
const TNS_VERSION = 315;
const PACKET_SIZE = 8192;
const WITHOUT_NETWORK_SERVICES = 4 | 8;

const ACCEPTED = Buffer.concat([
  ...[TNS_VERSION, 0, PACKET_SIZE, 0xffff, 1, 0, 0].map(u16),
  u8(WITHOUT_NETWORK_SERVICES, WITHOUT_NETWORK_SERVICES),
  Buffer.alloc(8),
  u32(PACKET_SIZE),
  u32(PACKET_SIZE),
  Buffer.alloc(5),
]);

const NO_SUCH_SERVICE = '(DESCRIPTION=(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))';
const REFUSED = Buffer.concat([u8(0, 0), u16(NO_SUCH_SERVICE.length), Buffer.from(NO_SUCH_SERVICE)]);

/** The version of TTC is that of 12.1, which leaves out most of what came later; characters are UTF-8 and UTF-16. */
const PROTOCOL_ANSWER = (() => {
  const [compiled, running] = [Buffer.alloc(53), Buffer.alloc(7)];
  compiled[7] = 7;
  const [utf8, utf16] = [u8(0x69, 0x03), u16(2000)];
  const characters = Buffer.concat([Buffer.alloc(9), utf16]);
  const sets = Buffer.concat([utf8, u8(0, 0, 0), u16(characters.length), characters]);
  return Buffer.concat([u8(PROTOCOL, 6, 0), Buffer.from('double\0'), sets, bytes(compiled), bytes(running)]);
})();

const SESSION = {
  AUTH_VERSION_NO: String(VERSION_12_1),
  AUTH_SC_SERVICE_NAME: SERVICE,
  AUTH_SC_DBUNIQUE_NAME: 'SHOPDB',
  AUTH_SC_REAL_DBUNIQUE_NAME: 'SHOPDB_A',
  AUTH_DBNAME: 'SHOPDB',
  AUTH_SC_DB_DOMAIN: 'example.com',
  AUTH_INSTANCENAME: 'shop1',
};

const WRONG_PASSWORD = outcome({ code: 1017, message: 'ORA-01017: invalid username/password; logon denied\n' });
const NO_SUCH_TABLE = outcome({ code: 942, message: 'ORA-00942: table or view "SHOP"."secret" does not exist\n' });
const KILLED = outcome({ code: 28, message: 'ORA-00028: your session has been killed\n' });

/** Without numbers for cursors, clients send the text each time. Undefined: the connection is gone. */
function answerToStatement(message: Buffer): Buffer | undefined {
  if (message.includes('lost')) return undefined;
  if (message.includes('no_such_table')) return NO_SUCH_TABLE;
  if (message.includes('killed')) return KILLED;
  if (message.includes('DBTIMEZONE')) return result('DBTIMEZONE', ['+00:00']);
  return message.includes('SELECT') ? result('NAME', ['tea', 'coffee']) : outcome({ rows: 1 });
}

function answerToMessage(message: Buffer, login: OracleLogin): Buffer | undefined {
  const [type, called] = message;
  if (type === PROTOCOL) return PROTOCOL_ANSWER;
  if (type === DATA_TYPES) return u8(DATA_TYPES, 0, 0);
  if (type === FUNCTION && called === LOGIN_NAME) return parameters(login.challenge());
  if (type === FUNCTION && called === LOGIN_PASSWORD) {
    const proof = login.answer(message);
    return proof === undefined ? WRONG_PASSWORD : parameters({ ...SESSION, ...proof });
  }
  return type === FUNCTION && called === EXECUTE ? answerToStatement(message) : status;
}

class Session {
  readonly #socket: Socket;
  readonly #login = new OracleLogin(PASSWORD);
  #received = Buffer.alloc(0);
  #isAccepted = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      for (let next = this.#take(); next !== undefined; next = this.#take()) this.#handle(next);
    });
    socket.on('error', () => socket.destroy());
  }

  /** The next packet, when it is there as a whole. */
  #take(): Buffer | undefined {
    const received = this.#received;
    if (received.length < HEADER_LENGTH) return undefined;
    const length = this.#isAccepted ? received.readUInt32BE(0) : received.readUInt16BE(0);
    if (received.length < length) return undefined;
    this.#received = received.subarray(length);
    return received.subarray(0, length);
  }

  #send(type: number, content: Buffer): void {
    this.#socket.write(packet(type, content, this.#isAccepted));
  }

  #handle(next: Buffer): void {
    const type = next[4];
    if (!this.#isAccepted) this.#connect(type, next);
    else if (type === DATA && next.length > HEADER_LENGTH + FLAGS.length) this.#answer(next);
  }

  /** A long description of what to connect to is in a packet of its own. */
  #connect(type: number | undefined, next: Buffer): void {
    const isWhole = type !== CONNECT || next.readUInt16BE(26) < next.length;
    if (!isWhole) return;
    if (!next.includes(`(SERVICE_NAME=${SERVICE})`)) {
      this.#send(REFUSE, REFUSED);
      return;
    }
    this.#send(ACCEPT, ACCEPTED);
    this.#isAccepted = true;
  }

  #answer(next: Buffer): void {
    const answer = answerToMessage(next.subarray(HEADER_LENGTH + FLAGS.length), this.#login);
    if (answer === undefined) this.#socket.destroy();
    else this.#send(DATA, Buffer.concat([FLAGS, answer]));
  }
}

/** Listens until the test `t` ends; resolves with what a client connects to. Everybody's password is `secret`. */
export async function startOracleDouble(t: Test): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    new Session(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}/${SERVICE}`;
}
