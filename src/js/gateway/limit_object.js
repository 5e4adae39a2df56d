// Limits and budgets for all isolates of a gateway: one Durable Object that holds the same store as a client's memory,
// and writes what changes as rows. What it has answered is stored. A write costs what a disk takes, so that whoever comes
// at once is written at once, and what nobody waits for goes with the next.

import { MemoryStore, dataText } from "./client.js";

// How far a caller's clock may be ahead of the object's: believed, it would stop every limit until then.
const AHEAD = 60_000; // ms
const MINUTE = 60_000; // ms
const SETTLED_WITHIN = 20; // ms: who settles has its answer already
const SWEEP = 256; // writes after which what has left the window is deleted

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS hfetch_store (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS hfetch_scope (name TEXT PRIMARY KEY, matters_until REAL NOT NULL, limiter TEXT NOT NULL, spent TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hfetch_bucket (scope TEXT, at REAL, requests INTEGER NOT NULL, tokens INTEGER NOT NULL, PRIMARY KEY (scope, at)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS hfetch_reservation (number INTEGER PRIMARY KEY, at REAL NOT NULL, holds TEXT NOT NULL, lost INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS hfetch_seen (number INTEGER PRIMARY KEY, at REAL NOT NULL);
`;

/** The class of the Durable Object; its methods are those of a LimitStore. `Base` is the runtime's class, or has `ctx`. */
export function limitObject(Base) {
  return class LimitObject extends Base {
    /** How many scopes it keeps in memory: each counts its month, and callers come and go. */
    static scopesInMemory = 5_000;
    #handle = null;
    #scopes = 0; // that were loaded or made since the handle was
    #alarm = Infinity; // the time of the alarm that is set
    #writes = 0;
    #next = null; // the write that is due: {due, timer, done, resolve, reject}

    async reserve({ parts, now }) {
      const text = dataText(parts, "parts");
      const answer = this.#ask((handle) => {
        for (const { scope, pause } of parts) {
          this.#load(handle, scope);
          if (typeof pause === "string") this.#load(handle, pause, 0);
        }
        return handle.reserve_and_tell(text, timely(now));
      });
      // A refusal changes nothing.
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

    // A call is under way still; that may be written late, for there are several such words in the time of a lease.
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

    // Requests that were left open are lost after ten minutes, whether or not others come.
    async alarm() {
      const now = Date.now();
      this.#alarm = Infinity;
      this.#ask((handle) => handle.expire(now));
      await this.#written(0);
      this.#run("DELETE FROM hfetch_scope WHERE matters_until <= ?", now);
      // An object that is seldom asked is evicted before its writes add up to a sweep.
      this.#run("DELETE FROM hfetch_bucket WHERE at <= ?", now - MINUTE);
      // The write may have let the first handle go.
      this.#watch(this.#open().next_loss());
    }

    #run(statement, ...values) {
      return this.ctx.storage.sql.exec(statement, ...values);
    }

    // A trap, which alone has a cause, leaves a handle half changed and in use: the next one starts from what is stored.
    // Whoever waits for a write of what it held is told.
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

    // What is open or lost comes into memory with its scopes, whatever is asked: time alone may end it.
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

    // A scope's row, put together as it was written; where there is none, `made` are made.
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

    // Resolves when all that has changed by now is written, within so many ms.
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
        // What is in memory is not what is stored: the next one starts from there.
        this.#forget();
        next.reject(error);
      }
    }

    // All that counts is stored, and comes back when it is asked for.
    #forget() {
      const handle = this.#handle;
      this.#handle = null;
      this.#scopes = 0;
      try {
        handle?.free();
      } catch {
        // A trap left it in use: its memory stays.
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
