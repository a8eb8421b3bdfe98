// A look at the rows themselves, past the program: SQLite through Python, PostgreSQL through psql.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { python } from './places.mjs';

const SQLITE = `
import json, sqlite3, sys
base = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True, timeout=20)
base.execute("BEGIN")
text = lambda value: "" if value is None else str(value)
print(json.dumps([[[text(value) for value in row] for row in base.execute(sql)] for sql in json.load(sys.stdin)]))
`;

/** The answers to several statements, each a list of rows of texts, all of one moment; nothing is ''. */
export function rows({ data, postgres, name }, statements) {
  if (postgres) return postgres.askAll(name, statements);
  return new Promise((done, fail) => {
    const child = execFile(python(), ['-c', SQLITE, join(data, 'maru.db')], { maxBuffer: 1 << 28 }, (why, out) => (why ? fail(why) : done(JSON.parse(out))));
    child.stdin.end(JSON.stringify(statements));
  });
}
