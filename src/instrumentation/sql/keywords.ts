/** The words of SQL that mean something to us, in the dialects of PostgreSQL and MySQL together. Pure. */

export type Role =
  /** An operation wherever it stands; FROM names its targets. */
  | 'select'
  /** An operation where a statement begins, also inside of a common table expression; its target follows. */
  | 'write'
  /** The same, with its targets after FROM. */
  | 'delete'
  /** An operation at the very start only, as all below; the kind of object follows, then its name. */
  | 'define'
  /** Its target follows. */
  | 'command'
  /** Without a target: transactions, settings, and names that applications make up as they go. */
  | 'plain'
  /** Without a target, and no other word of the statement counts: GRANT SELECT selects nothing. */
  | 'opaque'
  /** Another statement may follow. */
  | 'prelude'
  | 'from'
  | 'join'
  | 'into'
  | 'using'
  /** Never an operation, never a target. */
  | 'clause';

const WORDS: Readonly<Record<Role, string>> = {
  select: 'SELECT',
  write: 'INSERT REPLACE UPDATE MERGE',
  delete: 'DELETE',
  define: 'CREATE ALTER DROP REFRESH REINDEX RENAME START',
  command: 'TRUNCATE CALL EXECUTE EXEC TABLE LOCK COPY VACUUM ANALYZE OPTIMIZE DESCRIBE DESC USE CLUSTER CHECKSUM',
  plain:
    'BEGIN COMMIT ROLLBACK END ABORT SAVEPOINT RELEASE XA RESET DISCARD UNLOCK LISTEN UNLISTEN NOTIFY DEALLOCATE ' +
    'FETCH MOVE CLOSE CHECKPOINT DO KILL FLUSH HANDLER DECLARE PREPARE',
  opaque: 'GRANT REVOKE SHOW COMMENT SECURITY REASSIGN LOAD PURGE CHANGE IMPORT STOP SET',
  prelude: 'EXPLAIN VALUES WITH',
  from: 'FROM',
  join: 'JOIN STRAIGHT_JOIN',
  into: 'INTO',
  using: 'USING',
  clause:
    'WHERE GROUP ORDER HAVING LIMIT OFFSET UNION INTERSECT EXCEPT WINDOW FOR RETURNING ON WHEN AS CROSS INNER LEFT ' +
    'RIGHT FULL OUTER NATURAL',
};

export const ROLES: ReadonlyMap<string, Role> = new Map(
  (Object.keys(WORDS) as Role[]).flatMap((role) => WORDS[role].split(' ').map((word) => [word, role] as const)),
);

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(' '));

/** Behind these a comma separates no targets any more. */
export const LIST_ENDS = setOf(
  'WHERE GROUP ORDER HAVING LIMIT OFFSET UNION INTERSECT EXCEPT WINDOW FOR RETURNING SET VALUES',
);

/** Stand between an operation and its target. */
export const SKIPPED = setOf(
  'ONLY LATERAL INTO IGNORE LOW_PRIORITY HIGH_PRIORITY DELAYED TABLE TABLES IF NOT EXISTS CONCURRENTLY ON VERBOSE FULL',
);

/** The same behind SELECT ... INTO; elsewhere a table may be named so. */
export const SKIPPED_AFTER_INTO = setOf('TEMP TEMPORARY UNLOGGED');

/** What else MySQL selects into. */
export const FILES = setOf('OUTFILE DUMPFILE');

/** Stand between CREATE and the kind of object. */
export const MODIFIERS = setOf(
  'OR REPLACE TEMP TEMPORARY UNLOGGED GLOBAL LOCAL UNIQUE MATERIALIZED RECURSIVE CONSTRAINT FOREIGN FULLTEXT ' +
    'SPATIAL TRUSTED PROCEDURAL AGGREGATE ONLINE OFFLINE IGNORE',
);

export const OBJECTS = setOf(
  'TABLE INDEX VIEW DATABASE SCHEMA SEQUENCE FUNCTION PROCEDURE TRIGGER EVENT TYPE DOMAIN EXTENSION ROLE USER ' +
    'TABLESPACE POLICY PUBLICATION SUBSCRIPTION SERVER COLLATION STATISTICS RULE',
);

/** A statement may begin in a parenthesis behind one of these. */
export const BEFORE_NESTED = setOf('AS MATERIALIZED');

const KEYWORDS: readonly string[] = [
  ...ROLES.keys(),
  ...[LIST_ENDS, SKIPPED, SKIPPED_AFTER_INTO, FILES, MODIFIERS, OBJECTS, BEFORE_NESTED].flatMap((set) => [...set]),
  ...['IN', 'IS', 'TRUE', 'FALSE', 'DISTINCT', 'TRANSACTION', 'E', 'B', 'N', 'X', 'Q', 'NQ'],
];
const MAX_LENGTH = Math.max(...KEYWORDS.map((word) => word.length));

/** Of the letters alone, in either case; 30 bits, so that it stays a small integer. */
function hashOf(text: string, start: number, end: number): number {
  let hash = 0;
  for (let index = start; index < end; index++) hash = (hash * 31 + (text.charCodeAt(index) | 32)) & 0x3fffffff;
  return hash;
}

const BY_HASH: ReadonlyMap<number, string> = new Map(KEYWORDS.map((word) => [hashOf(word, 0, word.length), word]));

/** The word in upper case when it is one that means something, else an empty text: most words cost no allocation. */
export function keywordAt(text: string, start: number, end: number): string {
  if (end - start > MAX_LENGTH) return '';
  const word = BY_HASH.get(hashOf(text, start, end));
  return word !== undefined && text.slice(start, end).toUpperCase() === word ? word : '';
}
