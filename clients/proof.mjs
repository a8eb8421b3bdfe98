// The proof of one look at somebody's data, recomputed from what the page hands out and nothing else.
import { createHash } from 'node:crypto';

const sha = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const hex = (text) => Buffer.from(text, 'hex');

/** `commitment = SHA-256('maru-entry' || salt || entry)`, `after = SHA-256('maru-link' || before || place || commitment)`. */
export function proven({ entry, salt, commitment, chain }) {
  const committed = sha('maru-entry', hex(salt), entry);
  if (!committed.equals(hex(commitment))) return false;
  const place = Buffer.alloc(8);
  place.writeBigUInt64BE(BigInt(chain.place));
  return sha('maru-link', hex(chain.before), place, committed).equals(hex(chain.after));
}
