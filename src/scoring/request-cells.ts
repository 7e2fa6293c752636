/**
 * A request in ids: what stands for its user and context, for each behaviour that counts, and for each candidate. All of it
 * lies in one piece of memory, which threads may share: one reads requests, another scores them.
 */
import { type Field, isNumber, type Schema } from "../features/schema.ts";
import { type CellValues, widthOf } from "../tensor/arrays.ts";

/**
 * What requests name: candidates, behaviours that counted, and users where the model's first user field has categories; and
 * those of them that training never saw.
 */
export interface RequestCounts {
  readonly candidates: number;
  readonly behaviours: number;
  readonly users: number;
  readonly unknown: { readonly candidates: number; readonly behaviours: number; readonly users: number };
}

/** Counts of what requests name, one request after the other. */
export class CountSums implements RequestCounts {
  candidates = 0;
  behaviours = 0;
  users = 0;
  readonly unknown = { candidates: 0, behaviours: 0, users: 0 };

  add({ candidates, behaviours, users, unknown }: RequestCounts): void {
    this.candidates += candidates;
    this.behaviours += behaviours;
    this.users += users;
    this.unknown.candidates += unknown.candidates;
    this.unknown.behaviours += unknown.behaviours;
    this.unknown.users += unknown.users;
  }
}

/** The numbers that stand before the cells. */
const HEADER = ["behaviours", "candidates", "users", "unknownBehaviours", "unknownCandidates", "unknownUsers"] as const;

/** Room for a request of any user with up to `capacity` candidates; written again and again. */
export class RequestCells {
  readonly capacity: number;
  /** Per user and context field [1]; per item field the behaviours, oldest first [maxHistory], and [capacity] candidates. */
  readonly user: readonly CellValues[];
  readonly context: readonly CellValues[];
  readonly history: readonly CellValues[];
  readonly items: readonly CellValues[];
  readonly #header: Int32Array;

  /** Bytes that a request with up to `capacity` candidates takes. */
  static bytes({ user, context, item, maxHistory }: Schema, capacity: number): number {
    const width = (fields: readonly Field[]) => fields.reduce((sum, field) => sum + widthOf(field), 0);
    return 4 * (HEADER.length + width(user) + width(context) + (maxHistory + capacity) * width(item));
  }

  /** @param memory where it lies, from byte `start` (a multiple of 4) on */
  constructor(
    schema: Schema,
    capacity: number,
    memory: ArrayBufferLike = new ArrayBuffer(RequestCells.bytes(schema, capacity)),
    start = 0,
  ) {
    const { user, context, item, maxHistory } = schema;
    let at = start + 4 * HEADER.length;
    const columns = (fields: readonly Field[], rows: number): CellValues[] =>
      fields.map((field) => {
        const length = rows * widthOf(field);
        const cells = isNumber(field) ? new Float32Array(memory, at, length) : new Int32Array(memory, at, length);
        at += 4 * length;
        return cells;
      });
    this.capacity = capacity;
    this.#header = new Int32Array(memory, start, HEADER.length);
    this.user = columns(user, 1);
    this.context = columns(context, 1);
    this.history = columns(item, maxHistory);
    this.items = columns(item, capacity);
  }

  /** How many behaviours count. */
  get behaviours(): number {
    return this.#header[0];
  }

  get candidates(): number {
    return this.#header[1];
  }

  get counts(): RequestCounts {
    const [behaviours, candidates, users, unknownBehaviours, unknownCandidates, unknownUsers] = this.#header;
    const unknown = { candidates: unknownCandidates, behaviours: unknownBehaviours, users: unknownUsers };
    return { candidates, behaviours, users, unknown };
  }

  /** Says how much of the room is taken, and how many of the keys training never saw. */
  countItems(behaviours: number, candidates: number, unknownBehaviours: number, unknownCandidates: number): void {
    const header = this.#header;
    header[0] = behaviours;
    header[1] = candidates;
    header[3] = unknownBehaviours;
    header[4] = unknownCandidates;
  }

  /** Says whether it names a user, 0 or 1, and whether training never saw that one. */
  countUsers(users: number, unknownUsers: number): void {
    this.#header[2] = users;
    this.#header[5] = unknownUsers;
  }
}
