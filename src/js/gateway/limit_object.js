// Limits and budgets for all isolates of a gateway: a Durable Object that runs the same store as a client's memory and writes its changes as rows. A change is
// stored before it is answered. A write takes as long as a disk needs, so changes that come at the same time are written together, and changes that nobody waits for are written with the
// next ones.

import { MemoryStore, dataText } from "./client.js";

// How far a caller's clock may be ahead of the object's clock. If a time further ahead were believed, it would block every limit until then.
const AHEAD = 60_000; // ms
const MINUTE = 60_000; // ms
const SETTLED_WITHIN = 20; // ms: the caller of a settlement already has its answer, so its write can wait
const SWEEP = 256; // writes between two deletions of old rows

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS hfetch_store (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS hfetch_scope (name TEXT PRIMARY KEY, matters_until REAL NOT NULL, limiter TEXT NOT NULL, spent TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hfetch_bucket (scope TEXT, at REAL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL, PRIMARY KEY (scope, at)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hfetch_reservation (number INTEGER PRIMARY KEY, at REAL NOT NULL, holds TEXT NOT NULL, lost INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS hfetch_seen (number INTEGER PRIMARY KEY, at REAL NOT NULL);
`;

/** The class of the Durable Object. Its methods are those of a LimitStore. `Base` is the runtime's class, or a class with `ctx`. */
export function limitObject(Base) {
  return class LimitObject extends Base {
    /** How many scopes it keeps in memory. Callers come and go, and each one's month is counted. */
    static scopesInMemory = 5_000;
    #handle = null;
    #scopes = 0; // scopes that were loaded or made since the store was opened
    #alarm = Infinity; // the time for which the alarm is set
    #writes = 0;
    #next = null; // the next write: {due, timer, done, resolve, reject}

    async reserve({ parts, now }) {
      const text = dataText(parts, "parts");
      const answer = this.#ask((handle) => {
        for (const { scope, pause } of parts) {
          this.#load(handle, scope);
          if (typeof pause === "string") this.#load(handle, pause, 0);
        }
        return handle.reserve_and_tell(text, timely(now));
      });
      // A refusal changes nothing, so there is nothing to write.
      if (answer.ok) await this.#written(0);
      return answer;
    }

    async settle(reservation, { tokens, usd, now }) {
      this.#ask((handle) => handle.settle(reservation, tokens, usd, timely(now)));
      await this.#written(SETTLED_WITHIN);
    }

    async release(reservation) {
      this.#ask((handle) => handle.release(reservation));
      await this.#written(SETTLED_WITHIN);
    }

    // Renews a reservation whose call is still running. The write can wait: several renewals come before a reservation expires.
    async renew(reservation, { now }) {
      this.#ask((handle) => handle.renew(reservation, timely(now)));
      await this.#written(SETTLED_WITHIN);
    }

    async block(scope, until) {
      this.#ask((handle) => {
        this.#load(handle, scope);
        handle.block(scope, until);
      });
      await this.#written(SETTLED_WITHIN);
    }

    // Reservations that were left open are lost after ten minutes, even if no request comes.
    async alarm() {
      const now = Date.now();
      this.#alarm = Infinity;
      this.#ask((handle) => handle.expire(now));
      await this.#written(0);
      this.#run("DELETE FROM hfetch_scope WHERE matters_until <= ?", now);
      // An object that is seldom asked is evicted before it reaches enough writes for a deletion.
      this.#run("DELETE FROM hfetch_bucket WHERE at <= ?", now - MINUTE);
      // The write may have closed the first store.
      this.#watch(this.#open().next_loss());
    }

    #run(statement, ...values) {
      return this.ctx.storage.sql.exec(statement, ...values);
    }

    // If a trap happens (only a trap has a cause), the store is left half changed. The next use opens a new one from what is stored, and everybody who waits for a
    // write of the old one is told.
    #ask(use) {
      try {
        const handle = this.#open();
        handle.correct(Date.now());
        return use(handle);
      } catch (error) {
        if (error.cause !== undefined) {
          this.#forget();
          clearTimeout(this.#next?.timer);
          this.#next?.reject(error);
          this.#next = null;
        }
        throw error;
      }
    }

    // Open and lost reservations are loaded at once, with their scopes, since passing time alone can end them.
    #open() {
      if (this.#handle !== null) return this.#handle;
      this.#run(SCHEMA);
      const handle = new MemoryStore(true);
      const [head] = this.#run("SELECT state FROM hfetch_store").toArray();
      if (head !== undefined) {
        const rows = this.#run("SELECT r.number, r.at, holds, lost, s.at AS seen FROM hfetch_reservation r LEFT JOIN hfetch_seen s ON s.number = r.number ORDER BY r.number").toArray();
        const list = (lost) => rows.filter((row) => row.lost === lost).map(({ number, at, holds, seen }) => [number, at, JSON.parse(holds), seen]);
        const scopes = handle.restore(JSON.stringify({ ...JSON.parse(head.state), scopes: [], open: list(0), lost: list(1) }));
        if (scopes === undefined) throw new Error("hfetch: what this object has stored is not a state of limits");
        for (const scope of new Set(scopes)) this.#load(handle, scope);
      }
      return (this.#handle = handle);
    }

    // Loads a scope from its row. A scope without a row begins empty, which counts as `made` new scopes.
    #load(handle, name, made = 1) {
      if (handle.knows(name)) return;
      const [row] = this.#run("SELECT limiter, spent, matters_until FROM hfetch_scope WHERE name = ?", name).toArray();
      this.#scopes += row === undefined ? made : 1;
      if (row === undefined) return;
      const limiter = JSON.parse(row.limiter);
      const settled = this.#run("SELECT at, requests, tokens FROM hfetch_bucket WHERE scope = ? AND at > ? ORDER BY at", name, limiter.now - MINUTE).raw().toArray();
      const scope = [name, { ...limiter, settled }, JSON.parse(row.spent), row.matters_until];
      if (!handle.adopt(JSON.stringify(scope))) throw new Error(`hfetch: what this object has stored of ${name} is not a state of limits`);
    }

    // Resolves when all changes so far are written; the write begins within so many ms.
    #written(within) {
      this.#next ??= pending();
      const next = this.#next;
      const due = performance.now() + within;
      if (due < next.due) {
        clearTimeout(next.timer);
        Object.assign(next, { due, timer: setTimeout(() => this.#flush(next), within) });
      }
      return next.done;
    }

    #flush(next) {
      this.#next = null;
      try {
        this.ctx.storage.transactionSync(() => this.#write(this.#handle));
        this.#watch(this.#handle.next_loss());
        if (this.#scopes > this.constructor.scopesInMemory) this.#forget();
        next.resolve();
      } catch (error) {
        // The state in memory differs from the stored one, so the next use opens the store anew.
        this.#forget();
        next.reject(error);
      }
    }

    // Drops the store from memory. Everything that counts is stored, and is loaded again when needed.
    #forget() {
      const handle = this.#handle;
      this.#handle = null;
      this.#scopes = 0;
      try {
        handle?.free();
      } catch {
        // After a trap the handle is still in use, and its memory can't be freed.
      }
    }

    #write(handle) {
      const changes = handle.changes();
      if (changes === undefined) return;
      const { state, ended } = changes;
      const { scopes, open, lost, ...head } = state;
      this.#run("INSERT OR REPLACE INTO hfetch_store VALUES (1, ?)", JSON.stringify(head));
      for (const [name, { settled, ...limiter }, spent, until] of scopes) {
        this.#run("INSERT OR REPLACE INTO hfetch_scope VALUES (?, ?, ?, ?)", name, until, JSON.stringify(limiter), JSON.stringify(spent));
        for (const bucket of settled) this.#run("INSERT OR REPLACE INTO hfetch_bucket VALUES (?, ?, ?, ?)", name, ...bucket);
      }
      for (const [number, at, holds, seen] of open) {
        this.#run("INSERT OR REPLACE INTO hfetch_reservation VALUES (?, ?, ?, 0)", number, at, JSON.stringify(holds));
        if (seen !== undefined) this.#run("INSERT OR REPLACE INTO hfetch_seen VALUES (?, ?)", number, seen);
      }
      for (const [number, , , seen] of lost) {
        this.#run("UPDATE hfetch_reservation SET lost = 1 WHERE number = ?", number);
        this.#run("INSERT OR REPLACE INTO hfetch_seen VALUES (?, ?)", number, seen);
      }
      for (const number of ended) {
        this.#run("DELETE FROM hfetch_reservation WHERE number = ?", number);
        this.#run("DELETE FROM hfetch_seen WHERE number = ?", number);
      }
      if (++this.#writes % SWEEP === 0) this.#run("DELETE FROM hfetch_bucket WHERE at <= ?", head.now - MINUTE);
    }

    #watch(loss = Infinity) {
      if (loss >= this.#alarm) return;
      this.#alarm = loss;
      this.ctx.storage.setAlarm(loss);
    }
  };
}

function pending() {
  const next = { due: Infinity, timer: undefined };
  next.done = new Promise((resolve, reject) => Object.assign(next, { resolve, reject }));
  return next;
}

function timely(now) {
  return Math.min(now, Date.now() + AHEAD);
}
