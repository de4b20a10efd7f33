/**
 * What is known of Redis commands: which of their arguments may be shown, which call a script, which a client sends on
 * its own. Pure; the table is parsed when it is loaded.
 *
 * Spec: semantic-conventions 1.44, Redis: `HMSET myhash field1 ? field2 ?`.
 */

/**
 * Commands by the shape of their arguments, position by position: `k` is shown (a key, a field, a subcommand, an
 * option), `?` is masked (a value, a member, a score); what is in parentheses repeats to the end.
 */
const SHAPES: Readonly<Record<string, string>> = {
  '(k)': `DEL UNLINK EXISTS TOUCH MGET WATCH PFCOUNT PFMERGE SINTER SUNION SDIFF SINTERSTORE SUNIONSTORE SDIFFSTORE RENAME
    RENAMENX TYPE TTL PTTL PERSIST EXPIRE PEXPIRE EXPIREAT PEXPIREAT EXPIRETIME PEXPIRETIME DUMP GET GETDEL GETEX
    GETRANGE SUBSTR STRLEN INCR DECR LLEN SCARD HLEN ZCARD XLEN HGETALL HKEYS HVALS SMEMBERS LPOP RPOP SPOP SRANDMEMBER
    HRANDFIELD ZRANDMEMBER KEYS SCAN HSCAN SSCAN ZSCAN HGET HMGET HDEL HEXISTS HSTRLEN HTTL HPTTL HEXPIRE HPEXPIRE
    HPERSIST HGETDEL LRANGE LINDEX LTRIM ZPOPMIN ZPOPMAX BLPOP BRPOP BZPOPMIN BZPOPMAX LMPOP BLMPOP ZMPOP BZMPOP
    RPOPLPUSH BRPOPLPUSH LMOVE BLMOVE GETBIT BITCOUNT BITOP OBJECT COPY MOVE SORT SORT_RO LCS ZUNION ZINTER ZDIFF
    ZUNIONSTORE ZINTERSTORE ZDIFFSTORE ZINTERCARD SINTERCARD XRANGE XREVRANGE XREAD XREADGROUP XACK XDEL XTRIM XINFO
    XGROUP XPENDING XCLAIM XAUTOCLAIM SUBSCRIBE UNSUBSCRIBE PSUBSCRIBE PUNSUBSCRIBE SSUBSCRIBE SUNSUBSCRIBE PUBSUB SELECT
    INFO DBSIZE TIME ROLE FLUSHALL FLUSHDB MULTI EXEC DISCARD UNWATCH READONLY READWRITE ASKING LASTSAVE SAVE BGSAVE
    BGREWRITEAOF WAIT WAITAOF COMMAND CLUSTER MEMORY LATENCY SLOWLOG RANDOMKEY SWAPDB SENTINEL FAILOVER QUIT MONITOR`,
  'k(?)': `SET SETNX GETSET APPEND INCRBY INCRBYFLOAT DECRBY SETRANGE SETBIT BITPOS BITFIELD BITFIELD_RO LPUSH RPUSH
    LPUSHX RPUSHX LREM LPOS LINSERT SADD SREM SISMEMBER SMISMEMBER ZADD ZREM ZSCORE ZMSCORE ZRANK ZREVRANK ZINCRBY ZCOUNT
    ZLEXCOUNT ZRANGE ZREVRANGE ZRANGESTORE ZRANGEBYSCORE ZREVRANGEBYSCORE ZRANGEBYLEX ZREVRANGEBYLEX ZREMRANGEBYRANK
    ZREMRANGEBYSCORE ZREMRANGEBYLEX PFADD PUBLISH SPUBLISH GEOADD GEODIST GEOPOS GEOHASH GEORADIUS GEORADIUSBYMEMBER
    GEOSEARCH GEOSEARCHSTORE XADD XSETID RESTORE HSETEX HGETEX HELLO ACL CONFIG CLIENT SCRIPT FUNCTION DEBUG MODULE`,
  'kk(?)': 'LSET SMOVE HSETNX HINCRBY HINCRBYFLOAT SETEX PSETEX',
  'k(k?)': 'HSET HMSET',
  '(k?)': 'MSET MSETNX',
};

/** Name or digest, number of keys, keys, arguments. EVAL has the script itself in the first place. */
const SCRIPT_CALLS = 'EVAL EVAL_RO EVALSHA EVALSHA_RO FCALL FCALL_RO';

/** What clients send besides the commands of the application: to open, to check and to restore connections. */
const HOUSEKEEPING = `AUTH HELLO SELECT CLIENT INFO READONLY CLUSTER SENTINEL ASKING PING ROLE COMMAND MONITOR SUBSCRIBE PSUBSCRIBE
  SSUBSCRIBE`;

export interface Command {
  /** As the application spells it. */
  readonly name: string;
  /** Shapes of the first arguments, and of all further ones in turn. */
  readonly head: string;
  readonly tail: string;
  /** `name` for a function or a digest, `text` for a whole script in the first argument. */
  readonly script: 'name' | 'text' | undefined;
  /** A function has a name that somebody chose. */
  readonly isFunction: boolean;
  readonly isHousekeeping: boolean;
}

const words = (text: string): string[] => text.split(/\s+/);

const SHAPE = /^([k?]*)\(([k?]+)\)$/;

function parseShapes(): Map<string, readonly [head: string, tail: string]> {
  const shapes = new Map<string, readonly [string, string]>();
  for (const [shape, names] of Object.entries(SHAPES)) {
    const [, head = '', tail = '?'] = SHAPE.exec(shape) ?? [];
    for (const name of words(names)) shapes.set(name, [head, tail]);
  }
  return shapes;
}

const shapes = parseShapes();
const scriptCalls = new Set(words(SCRIPT_CALLS));
const housekeeping = new Set(words(HOUSEKEEPING));

/** Commands of modules (`JSON.SET`, `FT.SEARCH`) have a key or an index first; of others nothing is known. */
function shapeOf(name: string): readonly [head: string, tail: string] {
  return shapes.get(name) ?? [name.includes('.') ? 'k' : '', '?'];
}

function scriptOf(name: string): Command['script'] {
  if (!scriptCalls.has(name)) return undefined;
  return name.startsWith('EVAL') && !name.startsWith('EVALSHA') ? 'text' : 'name';
}

function describe(name: string): Command {
  const upper = name.toUpperCase();
  const [head, tail] = shapeOf(upper);
  return {
    name,
    head,
    tail,
    script: scriptOf(upper),
    isFunction: upper.startsWith('FCALL'),
    isHousekeeping: housekeeping.has(upper),
  };
}

/** Who forwards commands may have any number of names. */
const MAX_REMEMBERED = 1000;

const remembered = new Map<string, Command>();

/** Remembered per spelling. */
export function commandOf(name: string): Command {
  const known = remembered.get(name);
  if (known !== undefined) return known;
  const command = describe(name);
  if (remembered.size < MAX_REMEMBERED) remembered.set(name, command);
  return command;
}
